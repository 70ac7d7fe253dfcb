"""What a check looks for, and how targets compose.

On the wire a target is ``{"kind": "image", ...fields}``; a composed one holds others in ``targets``.
A reference picture travels by the SHA-256 of its bytes; the bytes follow once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.models import Region


@dataclass(frozen=True)
class Target:
    """Something that a frame, or a row of frames, shows or does not show."""

    kind: ClassVar[str]


@dataclass(frozen=True)
class Image(Target):
    """A reference picture, by the name of its file; transparent pixels of a PNG match anything.

    *threshold* is the least score, 0..1, that counts. Fields left out come from ``NAME.toml`` beside
    the picture. *sha*, *mask* (content hashes) and *resolution* (width, height of the screen that the
    picture was cut from) are filled in when the file is looked up. On a screen of another resolution
    the picture and its *region* are scaled.
    """

    kind = "image"
    name: str
    region: Region | None = None
    threshold: float | None = None
    sha: str = ""
    mask: str = ""
    resolution: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 < self.threshold <= 1:
            raise VirtualPytestError(f"{self}: threshold {self.threshold} is not above 0 and at most 1")

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Motion(Target):
    """The picture changes from one frame to the next, within *region*; *threshold* is in gray levels."""

    kind = "motion"
    region: Region | None = None
    threshold: int = 25

    def __post_init__(self) -> None:
        _check_level(self, self.threshold)

    def __str__(self) -> str:
        return "motion"


@dataclass(frozen=True)
class Black(Target):
    """Every pixel of *region* is at most *threshold* bright, of 255."""

    kind = "black"
    region: Region | None = None
    threshold: int = 20

    def __post_init__(self) -> None:
        _check_level(self, self.threshold)

    def __str__(self) -> str:
        return "black"


@dataclass(frozen=True, init=False)
class _Composed(Target):
    """A target made of others; a string among them is an Image."""

    targets: tuple[Target, ...]
    words: ClassVar[str]

    def __init__(self, *targets: Target | str) -> None:
        if not targets:
            raise VirtualPytestError(f"{type(self).__name__}() of no target: it would always be true, or never")
        object.__setattr__(self, "targets", tuple(as_target(target) for target in targets))

    def __str__(self) -> str:
        members = ", ".join(map(str, self.targets))
        return f"{self.words}{members}" if len(self.targets) == 1 else f"{self.words}({members})"


class All(_Composed):
    """Every target, in the same frame."""

    kind = "all"
    words = "all of "


class AnyOf(_Composed):
    """At least one of the targets."""

    kind = "any"
    words = "any of "


class Not(_Composed):
    """The target is not there. No frame at all is a LabFault, never a "not"."""

    kind = "not"
    words = "no "

    def __init__(self, target: Target | str) -> None:
        super().__init__(target)


class Appears(_Composed):
    """First absent, then present: what was there before does not count."""

    kind = "appears"
    words = "appearing "

    def __init__(self, target: Target | str) -> None:
        super().__init__(target)


class Gone(_Composed):
    """First present, then absent; never present is not "gone"."""

    kind = "gone"
    words = "going "

    def __init__(self, target: Target | str) -> None:
        super().__init__(target)


class Then(_Composed):
    """Each target in turn, each in a later frame than the one before."""

    kind = "then"
    words = "in turn "


_KINDS: dict[str, type[Target]] = {
    cls.kind: cls for cls in (Image, Motion, Black, All, AnyOf, Not, Appears, Gone, Then)
}


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


def resolve(target: Target | str, find: Callable[[Image], Image]) -> Target:
    """Return *target* with every Image in it replaced by what *find* makes of it."""
    target = as_target(target)
    if isinstance(target, Image):
        return find(target)
    if isinstance(target, _Composed):
        return type(target)(*(resolve(member, find) for member in target.targets))
    return target


def images(target: Target) -> list[Image]:
    """Return every Image in *target*."""
    if isinstance(target, Image):
        return [target]
    return [image for member in members_of(target) for image in images(member)]


def members_of(target: Target) -> tuple[Target, ...]:
    """Return the targets that *target* is made of, if it is."""
    return target.targets if isinstance(target, _Composed) else ()


def to_wire(target: Target) -> dict[str, Any]:
    """Return plain values that describe *target*."""
    data: dict[str, Any] = {"kind": target.kind}
    if isinstance(target, _Composed):
        return data | {"targets": [to_wire(member) for member in target.targets]}
    return data | {item.name: getattr(target, item.name) for item in fields(target)}


def from_wire(data: Mapping[str, Any]) -> Target:
    """Return the target that *data* describes."""
    values = dict(data)
    kind = values.pop("kind", None)
    if kind not in _KINDS:
        raise VirtualPytestError(f"unknown target {kind!r}; known: {', '.join(_KINDS)}")
    cls = _KINDS[kind]
    if issubclass(cls, _Composed):
        return cls(*(from_wire(member) for member in values["targets"]))
    if foreign := values.keys() - {item.name for item in fields(cls)}:
        names = ", ".join(sorted(foreign))
        raise VirtualPytestError(f"target {kind!r} has no {names} here; install the same version on both sides")
    region, resolution = values.get("region"), values.get("resolution")
    if region is not None:
        values["region"] = Region(*region)
    if resolution is not None:
        values["resolution"] = tuple(resolution)
    return cls(**values)


def in_region(target: Target | str, region: Region | tuple[int, int, int, int] | None) -> Target:
    """Return *target*, looked for within *region* only; in a composed target that is each member's region."""
    target = as_target(target)
    if region is None:
        return target
    if isinstance(target, _Composed):
        return type(target)(*(in_region(member, region) for member in target.targets))
    return replace(target, region=Region(*region))  # type: ignore[call-arg]  # every plain target has a region


def _check_level(target: Target, threshold: int) -> None:
    if not 0 < threshold < 255:
        raise VirtualPytestError(f"{target}: threshold {threshold} is not within 1..254 gray levels")
