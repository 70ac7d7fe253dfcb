"""What a check looks for, how targets compose, and how they travel."""

from pytest_virtualpytest.targets.composed import (
    All,
    AnyOf,
    Appears,
    ForSeconds,
    Gone,
    Not,
    Then,
    as_target,
    asks_for_signal,
    for_seconds,
    images,
    in_region,
    members_of,
    memory,
    resolve,
)
from pytest_virtualpytest.targets.condition import Blockiness, SignalLost, Spinner
from pytest_virtualpytest.targets.plain import Black, Color, Frozen, Image, Motion
from pytest_virtualpytest.targets.sound import Heard, Silence, Sound, Speech, Tone
from pytest_virtualpytest.targets.target import Target
from pytest_virtualpytest.targets.text import Text
from pytest_virtualpytest.targets.travel import from_wire, heard_from_wire, to_wire

__all__ = [
    "All", "AnyOf", "Appears", "Black", "Blockiness", "Color", "ForSeconds", "Frozen", "Gone", "Heard", "Image",
    "Motion", "Not", "SignalLost", "Silence", "Sound", "Speech", "Spinner", "Target", "Text", "Then", "Tone",
    "as_target", "asks_for_signal", "for_seconds", "from_wire", "heard_from_wire", "images", "in_region",
    "members_of", "memory", "resolve", "to_wire",
]  # fmt: skip
