"""Test real devices with ordinary pytest functions: what a test imports."""

from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.capabilities import Key
from pytest_virtualpytest.exceptions import (
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
    VirtualPytestError,
)
from pytest_virtualpytest.models import Clip, Duration, Frame, Level, Measurement, Press, Region, Sighting
from pytest_virtualpytest.targets import All, AnyOf, Appears, Black, Gone, Image, Motion, Not, Target, Then

if TYPE_CHECKING:
    from pytest_virtualpytest.device import Device
    from pytest_virtualpytest.fixtures import device_fixture

__all__ = [
    "All", "AnyOf", "Appears", "Black", "CallTimeout", "CapabilityMissing", "CaptureError", "Clip", "ConfigError",
    "Device", "DeviceError", "DeviceLost", "Duration", "Frame", "Gone", "HostError", "Image", "Key", "LabFault",
    "LeaseError", "Level", "Measurement", "Motion", "Not", "NotSeen", "OutOfLimits", "Press", "ReferenceNotFound",
    "Region", "Seen", "Sighting", "Target", "Then", "VirtualPytestError", "device_fixture",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import what needs pytest only when it is asked for."""
    if name == "device_fixture":
        from pytest_virtualpytest.fixtures import device_fixture

        return device_fixture
    if name == "Device":
        from pytest_virtualpytest.device import Device

        return Device
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
