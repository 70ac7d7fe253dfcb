"""Targets made of others, and what is done to a target whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets.condition import SignalLost, Spinner
from pytest_virtualpytest.targets.plain import Frozen, Image, Motion
from pytest_virtualpytest.targets.sound import Heard
from pytest_virtualpytest.targets.target import Target, check_seconds
from pytest_virtualpytest.targets.text import Text


@dataclass(frozen=True, init=False)
class Composed(Target):
    """A target made of others; a string among them is an Image."""

    targets: tuple[Target, ...]
    words: ClassVar[str]

    def __init__(self, *targets: Target | str) -> None:
        if not targets:
            raise VirtualPytestError(f"{type(self).__name__}() of no target: it would always be true, or never")
        object.__setattr__(self, "targets", tuple(as_target(target) for target in targets))

    def of(self, targets: Iterable[Target]) -> Composed:
        """Return *targets*, composed in the same way."""
        return type(self)(*targets)

    def __str__(self) -> str:
        members = ", ".join(map(str, self.targets))
        return f"{self.words}{members}" if len(self.targets) == 1 else f"{self.words}({members})"


class All(Composed):
    """Every target, in the same frame."""

    kind = "all"
    words = "all of "


class AnyOf(Composed):
    """At least one of the targets."""

    kind = "any"
    words = "any of "


class Not(Composed):
    """The target is not there. No frame at all is a LabFault, never a "not"."""

    kind = "not"
    words = "no "

    def __init__(self, target: Target | str) -> None:
        super().__init__(target)


class Appears(Composed):
    """First absent, then present: what was there before does not count."""

    kind = "appears"
    words = "appearing "

    def __init__(self, target: Target | str) -> None:
        super().__init__(target)


class Gone(Composed):
    """First present, then absent; never present is not "gone"."""

    kind = "gone"
    words = "going "

    def __init__(self, target: Target | str) -> None:
        super().__init__(target)


class Then(Composed):
    """Each target in turn, each in a later frame than the one before."""

    kind = "then"
    words = "in turn "


@dataclass(frozen=True, init=False)
class ForSeconds(Composed):
    """The target has been there in every frame for *seconds*."""

    kind = "for_seconds"
    words = ""
    seconds: float

    def __init__(self, target: Target | str, seconds: float) -> None:
        super().__init__(target)
        object.__setattr__(self, "seconds", seconds)
        check_seconds(self, seconds)

    def of(self, targets: Iterable[Target]) -> Composed:
        """Return *targets*, for as long."""
        (target,) = targets
        return ForSeconds(target, self.seconds)

    def __str__(self) -> str:
        return f"{self.targets[0]} for {self.seconds:g} s"


def for_seconds(target: Target | str, seconds: float) -> ForSeconds:
    """Return the target that is true once *target* has been there in every frame for *seconds*."""
    return ForSeconds(target, seconds)


def as_target(target: Target | str) -> Target:
    """Return *target*; a string is the name of an Image."""
    if isinstance(target, str):
        return Image(target)
    if not isinstance(target, Target):
        wanted = (
            f"{target.__name__}(...)" if isinstance(target, type) else "the name of a picture, or Motion(), All(...)"
        )
        raise VirtualPytestError(f"{target!r} is no target; did you mean {wanted}?")
    return target


def resolve(target: Target | str, find: Callable[[Image], Image], lang: str | None = None) -> Target:
    """Return *target* with every Image in it replaced by what *find* makes of it, and *lang* in each Text without."""
    target = as_target(target)
    if isinstance(target, Image):
        return find(target)
    if isinstance(target, Text) and target.lang is None:
        return replace(target, lang=lang)
    if isinstance(target, (Motion, Frozen)) and target.mask:
        return replace(target, sha=find(Image(target.mask)).sha)
    if isinstance(target, Composed):
        return target.of(resolve(member, find, lang) for member in target.targets)
    return target


def images(target: Target) -> list[Image]:
    """Return every picture that *target* needs, masks among them."""
    if isinstance(target, Image):
        return [target]
    if isinstance(target, (Motion, Frozen)) and target.mask:
        return [Image(target.mask, sha=target.sha)]
    return [image for member in members_of(target) for image in images(member)]


def members_of(target: Target) -> tuple[Target, ...]:
    """Return the targets that *target* is made of, if it is."""
    return target.targets if isinstance(target, Composed) else ()


def asks_for_signal(target: Target) -> bool:
    """Tell whether *target* also judges what a capture makes up when it has no signal."""
    return isinstance(target, SignalLost) or any(map(asks_for_signal, members_of(target)))


def memory(target: Target) -> float:
    """Return for how many seconds of frames *target* must be shown to be decided, beyond a single frame."""
    own = target.seconds if isinstance(target, (Frozen, ForSeconds, Spinner, Heard)) else 0.0
    if isinstance(target, Then):
        return sum(map(memory, target.targets))
    return own + max(map(memory, members_of(target)), default=0.0)


def in_region(target: Target | str, region: Region | tuple[int, int, int, int] | None) -> Target:
    """Return *target*, looked for within *region* only; in a composed target that is each member's region."""
    target = as_target(target)
    if region is None or isinstance(target, (Heard, SignalLost)):
        return target
    if isinstance(target, Composed):
        return target.of(in_region(member, region) for member in target.targets)
    return replace(target, region=Region(*region))  # type: ignore[call-arg]  # every other target has a region
