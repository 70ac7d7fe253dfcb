"""Judge frames, one after the other, against a target of any composition.

Every answer has three values: a member that cannot decide on a frame (motion in the first one) makes
nothing true, under Not neither. Members that remember (Motion, Frozen, sounds, Appears, Gone, Then, ForSeconds)
see every frame; the others only where their answer matters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.models import Sighting
from pytest_virtualpytest.targets import (
    All,
    AnyOf,
    Appears,
    ForSeconds,
    Gone,
    Heard,
    Image,
    Not,
    SignalLost,
    Target,
    Text,
    Then,
)  # fmt: skip
from virtualpytest_host.picture import Picture
from virtualpytest_host.sound.beside import Beside
from virtualpytest_host.sound.hears import Hears
from virtualpytest_host.vision.blockiness import SeesBlockiness
from virtualpytest_host.vision.candidate import cut
from virtualpytest_host.vision.draw import annotate
from virtualpytest_host.vision.leaves import Content, SeesBlack, SeesImage, SeesMotion
from virtualpytest_host.vision.mask import named
from virtualpytest_host.vision.signal import SeesSignal, SeesSignalLost
from virtualpytest_host.vision.spinner import SeesSpinner
from virtualpytest_host.vision.states import SeesColor, SeesFrozen
from virtualpytest_host.vision.text import SeesText
from virtualpytest_host.vision.verdict import Member, Verdict


class Judge:
    """Judges every frame that it is shown; *references* returns the bytes of a picture by their SHA-256.

    *beside* is the sound of the same stream, where the target may ask for it.
    """

    def __init__(self, target: Target, references: Content, beside: Beside | None = None) -> None:
        self._target = target
        self._references, self._beside = references, beside
        self._member = member(target, references, beside)

    @property
    def missing(self) -> float:
        """How many seconds of the sound that the target asks for were lost."""
        return self._beside.missing if self._beside else 0.0

    def begin(self, picture: Picture) -> None:
        """Take note of the picture before the first one that counts."""
        from virtualpytest_host.vision import composed

        composed.begin(self._member, picture)

    def see(self, picture: Picture) -> Sighting:
        """Return what the target makes of the next frame."""
        verdict = picture.cache[self] = self._member.see(picture)
        return self._sighting(verdict, picture)

    def find_all(self, picture: Picture) -> list[Sighting]:
        """Return every place of *picture* that shows the target, none overlapping another of the same image."""
        return [self._sighting(found, picture) for found in self._all(self._target, picture)]

    def annotated(self, picture: Picture, sighting: Sighting) -> bytes:
        """Return *picture* as PNG, with the *sighting* that this judge made of it drawn on it."""
        verdict: Verdict = picture.cache[self]
        return annotate(picture, sighting, verdict.reference, verdict.area)

    def nearest(self, picture: Picture) -> tuple[dict[str, Any], bytes] | None:
        """Return what was looked for in *picture* and not found, and a cut of the nearest place, if it is an Image."""
        verdict: Verdict = picture.cache[self]
        image, place = verdict.image, verdict.region
        if image is None or place is None or verdict.reference is None or verdict.score >= verdict.threshold:
            return None
        told = {"sha": image.sha, "score": verdict.score, "threshold": verdict.threshold, "region": list(place)}
        return told, cut(picture, place, verdict.reference)

    def _all(self, target: Target, picture: Picture) -> list[Verdict]:
        if isinstance(target, Image):
            return SeesImage(target, self._references).all(picture)
        if isinstance(target, Text):
            return SeesText(target).all(picture)
        if isinstance(target, AnyOf):
            return [found for each in target.targets for found in self._all(each, picture)]
        verdict = member(target, self._references).see(picture)
        return [verdict] if verdict.state else []

    def _sighting(self, verdict: Verdict, picture: Picture) -> Sighting:
        return Sighting(
            found=bool(verdict.state),
            target=str(self._target),
            captured=float(picture.captured),
            error=float(picture.error),
            pts=float(picture.pts),
            score=verdict.score,
            threshold=verdict.threshold,
            region=verdict.region,
            why="" if verdict.state else verdict.why,
            scale=verdict.scale,
        )


def member(target: Target, content: Content, beside: Beside | None = None) -> Member:
    """Return what judges *target*."""
    from virtualpytest_host.vision import composed

    match target:
        case Then():
            return composed.SeesThen(target.targets, lambda each: member(each, content, beside))
        case ForSeconds():
            return composed.SeesForSeconds(target, member(target.targets[0], content, beside))
        case All() | AnyOf() | Not() | Appears() | Gone():
            members = [member(each, content, beside) for each in target.targets]
            return composed.BY_KIND[target.kind](target, members)
        case Heard():
            return _heard(target, beside)
    return _plain(target, content)


def _heard(target: Heard, beside: Beside | None) -> Member:
    if beside is None:
        raise VirtualPytestError(f"{target}: one picture has no sound; use wait_for")
    return Hears(target, beside)


def _plain(target: Target, content: Content) -> Member:
    if isinstance(target, SignalLost):
        return SeesSignalLost()
    sees = _BY_KIND.get(target.kind)
    if sees is None:
        raise VirtualPytestError(f"{target}: nothing judges a target of kind {target.kind!r}")
    return SeesSignal(sees(target, content))


_BY_KIND: dict[str, Callable[[Any, Content], Member]] = {
    "image": SeesImage,
    "text": lambda target, _: SeesText(target),
    "motion": lambda target, content: SeesMotion(target, named(target.mask, target.sha, content)),
    "frozen": lambda target, content: SeesFrozen(target, named(target.mask, target.sha, content)),
    "black": lambda target, _: SeesBlack(target),
    "color": lambda target, _: SeesColor(target),
    "blockiness": lambda target, _: SeesBlockiness(target),
    "spinner": lambda target, _: SeesSpinner(target),
}
