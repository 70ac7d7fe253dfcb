"""Changes of channel on a virtual box: as measured through its stream, and as they truly were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from until import until
from watched import Watched, image

from pytest_virtualpytest.models import Duration, Press
from pytest_virtualpytest.targets import Appears, Black, Gone


@dataclass(frozen=True)
class Zap:
    """One change of channel: how long the screen was black, and the time from the key to the banner."""

    black: Duration
    to_banner: Duration
    true_black: float
    true_to_banner: float
    frame: float

    @property
    def frames_off(self) -> float:
        """How many frames the measured black is off the truth."""
        return abs(self.black.seconds - self.true_black) / self.frame

    @property
    def late(self) -> float:
        """How many seconds later than it truly was the banner was seen after the key."""
        return self.to_banner.seconds - self.true_to_banner


def zap(device: Watched, key: str = "CHANNEL_UP") -> Zap:
    """Change the channel, and measure."""
    press = device.press(key)
    banner = device.wait_for(Appears(image("banner")), since=press)
    black = device.wait_for(Black(), since=press)
    picture = device.wait_for(Gone(Black()), since=black)
    pressed, dark, light = truth(device, press)
    return Zap(
        black=picture.after(black),
        to_banner=banner.after(press),
        true_black=light["pts"] - dark["pts"],
        true_to_banner=light["at"] - pressed["at"],
        frame=banner.frame_seconds,
    )


def truth(device: Watched, press: Press) -> Sequence[Mapping[str, Any]]:
    """Return the box's own notes of *press*: the key, the black that followed, the picture after that."""

    def notes() -> list[Mapping[str, Any]]:
        after = [note for note in device.box.truth() if note["at"] >= press.before - 0.1]
        key = [note for note in after if note["event"] == "key" and note["at"] >= press.before][:1]
        screens = [note for note in after if note["event"] == "screen"]
        dark = next((place for place, note in enumerate(screens) if note["state"] == "black"), len(screens))
        return [*key, *screens[dark : dark + 2]]

    until(lambda: len(notes()) == 3)
    return notes()


def latency(zaps: Sequence[Zap]) -> dict[str, float]:
    """Return the latency of the capture that *zaps* show, as the lab file would give it."""
    late = sorted(one.late for one in zaps)
    middle = (late[0] + late[-1]) / 2
    return {"ms": middle * 1000, "error": (late[-1] - late[0]) / 2 * 1000 + 2}
