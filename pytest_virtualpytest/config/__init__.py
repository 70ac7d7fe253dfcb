"""The lab file: read, checked as a whole, and given as records."""

from pytest_virtualpytest.config.loading import builtin, choose, load
from pytest_virtualpytest.config.records import (
    Campaign,
    Choice,
    ControllerConfig,
    DeviceConfig,
    HostConfig,
    LabConfig,
    Ready,
    Secret,
)

__all__ = [
    "Campaign", "Choice", "ControllerConfig", "DeviceConfig", "HostConfig", "LabConfig", "Ready", "Secret", "builtin",
    "choose", "load",
]  # fmt: skip
