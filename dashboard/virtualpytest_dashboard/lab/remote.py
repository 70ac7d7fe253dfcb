"""A remote as it is drawn: a device's keys in the groups in which a hand expects them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_virtualpytest.key import Key

_GROUPS: dict[str, tuple[tuple[str, str], ...]] = {
    "arrows": (("UP", "▲"), ("LEFT", "◀"), ("OK", "OK"), ("RIGHT", "▶"), ("DOWN", "▼")),
    "menus": (("BACK", "Back"), ("HOME", "Home"), ("MENU", "Menu"), ("GUIDE", "Guide"), ("INFO", "Info")),
    "channels": (
        ("CHANNEL_UP", "CH +"), ("CHANNEL_DOWN", "CH −"), ("VOLUME_UP", "VOL +"), ("VOLUME_DOWN", "VOL −"),
        ("MUTE", "Mute"),
    ),
    "playing": (("REWIND", "◀◀"), ("PLAY", "Play"), ("PAUSE", "Pause"), ("STOP", "Stop"), ("FAST_FORWARD", "▶▶")),
    "digits": tuple((digit, digit) for digit in "1234567890"),
}  # fmt: skip


@dataclass(frozen=True)
class Button:
    """A key, and what is written on it."""

    key: str
    label: str


def groups(keys: Sequence[str]) -> dict[str, list[Button]]:
    """Return the buttons of a remote with *keys*, or with every standard key where a device does not tell its own."""
    known = list(keys) or [str(key) for key in Key]
    drawn = {name: [Button(key, label) for key, label in row if key in known] for name, row in _GROUPS.items()}
    placed = {button.key for row in drawn.values() for button in row}
    drawn["more"] = [Button(key, key.replace("_", " ").capitalize()) for key in known if key not in placed]
    return {name: row for name, row in drawn.items() if row}
