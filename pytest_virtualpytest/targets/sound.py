"""What is listened for, alone or beside a picture: levels are in dBFS, the mean over a few hundredths of a second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.targets.target import Target

Channel: TypeAlias = Literal["left", "right"]


class Heard(Target):
    """Something that a device's sound has or has not for *seconds*; *channel* is that of stereo, None for all.

    Among the members of a composed target it is there in each frame up to which it has lasted so long.
    """

    seconds: float
    channel: Channel | None


@dataclass(frozen=True)
class Silence(Heard):
    """Nothing is louder than *below*, without a break."""

    kind = "silence"
    seconds: float = 1.0
    below: float = -60.0
    channel: Channel | None = None

    def __post_init__(self) -> None:
        _check(self, "below", self.below)

    def __str__(self) -> str:
        return f"silence for {self.seconds:g} s{_on(self.channel)}"


@dataclass(frozen=True)
class Sound(Heard):
    """It is at least as loud as *above*; dips shorter than six hundredths of a second do not count."""

    kind = "sound"
    seconds: float = 0.1
    above: float = -50.0
    channel: Channel | None = None

    def __post_init__(self) -> None:
        _check(self, "above", self.above)

    def __str__(self) -> str:
        return f"sound for {self.seconds:g} s{_on(self.channel)}"


@dataclass(frozen=True)
class Tone(Heard):
    """A tone of *hz*, give or take *tolerance* of it, has most of the power, and the sound is as loud as *above*."""

    kind = "tone"
    hz: float
    seconds: float = 0.2
    tolerance: float = 0.02
    above: float = -50.0
    channel: Channel | None = None

    def __post_init__(self) -> None:
        _check(self, "above", self.above)
        if not 20 <= self.hz <= 20_000:
            raise VirtualPytestError(f"{self}: {self.hz:g} Hz cannot be heard; 20 to 20000 can")
        if not 0 < self.tolerance < 0.5:
            raise VirtualPytestError(f"{self}: tolerance {self.tolerance:g} is not above 0 and below 0.5")

    def __str__(self) -> str:
        return f"a tone of {self.hz:g} Hz for {self.seconds:g} s{_on(self.channel)}"


@dataclass(frozen=True)
class Speech(Heard):
    """Somebody speaks, in any language, for *seconds* beside pauses shorter than a third of one."""

    kind = "speech"
    seconds: float = 1.0
    above: float = -50.0
    channel: Channel | None = None

    def __post_init__(self) -> None:
        _check(self, "above", self.above)

    def __str__(self) -> str:
        return f"speech for {self.seconds:g} s{_on(self.channel)}"


def _on(channel: Channel | None) -> str:
    return f" on the {channel} channel" if channel else ""


def _check(wanted: Any, name: str, level: float) -> None:
    if not 0 < wanted.seconds < float("inf"):
        raise VirtualPytestError(f"{wanted}: {wanted.seconds} is no number of seconds above 0")
    if not -120 < level < 0:
        raise VirtualPytestError(f"{wanted}: {name} {level:g} is not within -120..0 dBFS")
    if wanted.channel not in (None, "left", "right"):
        raise VirtualPytestError(f"{wanted}: channel {wanted.channel!r} is neither 'left' nor 'right'")
