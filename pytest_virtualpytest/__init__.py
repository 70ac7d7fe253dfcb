"""Test real devices with ordinary pytest functions: what a test imports.

A name is imported when it is first asked for, so that a run without devices does not pay for them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_virtualpytest.answers import Crash, Element, Entry, Output
    from pytest_virtualpytest.device import Device
    from pytest_virtualpytest.exceptions import (
        AppCrashed,
        CallTimeout,
        CapabilityMissing,
        CaptureError,
        ConfigError,
        DeviceError,
        DeviceLost,
        HostError,
        LabFault,
        LeaseError,
        NotSeen,
        OutOfLimits,
        ReferenceNotFound,
        Seen,
        UnknownName,
        VirtualPytestError,
    )
    from pytest_virtualpytest.fixtures import Devices, device_fixture
    from pytest_virtualpytest.key import Key
    from pytest_virtualpytest.keyboard import Keyboard
    from pytest_virtualpytest.keypages import KeyPage
    from pytest_virtualpytest.kpi import Series, Transition, Zap
    from pytest_virtualpytest.lab import Lab
    from pytest_virtualpytest.measure import Measure
    from pytest_virtualpytest.models import (
        Clip,
        Dropout,
        Duration,
        Frame,
        Level,
        Line,
        Measurement,
        Press,
        Region,
        Sighting,
        Words,
    )
    from pytest_virtualpytest.page import Page
    from pytest_virtualpytest.targets import (
        All,
        AnyOf,
        Appears,
        Black,
        Blockiness,
        Color,
        Frozen,
        Gone,
        Image,
        Motion,
        Not,
        SignalLost,
        Silence,
        Sound,
        Speech,
        Spinner,
        Target,
        Text,
        Then,
        Tone,
        for_seconds,
    )

__all__ = [
    "All", "AnyOf", "AppCrashed", "Appears", "Black", "Blockiness", "CallTimeout", "CapabilityMissing",
    "CaptureError", "Clip", "Color", "ConfigError", "Crash", "Device", "DeviceError", "DeviceLost", "Devices",
    "Dropout", "Duration", "Element", "Entry", "Frame", "Frozen", "Gone", "HostError", "Image", "Key", "KeyPage",
    "Keyboard", "Lab", "LabFault", "LeaseError", "Level", "Line", "Measure", "Measurement", "Motion", "Not",
    "NotSeen", "OutOfLimits", "Output", "Page", "Press", "ReferenceNotFound", "Region", "Seen", "Series", "Sighting",
    "SignalLost", "Silence", "Sound", "Speech", "Spinner", "Target", "Text", "Then", "Tone", "Transition",
    "UnknownName", "VirtualPytestError", "Words", "Zap", "device_fixture", "for_seconds",
]  # fmt: skip

_HOMES = {
    "answers": {"Crash", "Element", "Entry", "Output"},
    "key": {"Key"},
    "device": {"Device"},
    "fixtures": {"Devices", "device_fixture"},
    "keyboard": {"Keyboard"},
    "keypages": {"KeyPage"},
    "kpi": {"Series", "Transition", "Zap"},
    "lab": {"Lab"},
    "measure": {"Measure"},
    "page": {"Page"},
    "models": {
        "Clip", "Dropout", "Duration", "Frame", "Level", "Line", "Measurement", "Press", "Region", "Sighting", "Words",
    },
    "targets": {
        "All", "AnyOf", "Appears", "Black", "Blockiness", "Color", "Frozen", "Gone", "Image", "Motion", "Not",
        "SignalLost", "Silence", "Sound", "Speech", "Spinner", "Target", "Text", "Then", "Tone", "for_seconds",
    },
}


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = next((module for module, names in _HOMES.items() if name in names), "exceptions")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
