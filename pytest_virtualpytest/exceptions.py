"""Every error that virtualpytest raises.

VirtualPytestError
├── ConfigError              the lab file, an option: pytest's exit code 4
├── CapabilityMissing        the test uses what its device does not have
├── ReferenceNotFound        a reference picture is missing or unreadable
├── LabFault                 the lab broke, not the product: exit code 10
│   ├── HostError            a host cannot be reached, or was lost
│   ├── LeaseError           a lease could not be taken, or is no longer ours
│   ├── DeviceError          a device or its controller failed
│   │   ├── CallTimeout      a call passed its deadline
│   │   ├── NotReady         a device is not fit for a test, nor could be made so
│   │   ├── DeviceLost       the device's process on the host ended
│   │   └── UnknownName      the device has no such key: a fault of the test, though its device says so
│   └── CaptureError         no picture: absent, ended, frozen in the capture, no signal
├── NotSeen                  (also AssertionError) a check did not come true
├── Overdue                  a test passed its deadline
├── Seen                     (also AssertionError) what must never show was seen
├── AppCrashed               (also AssertionError) an app that the test had started crashed, or did not answer
└── OutOfLimits              (also AssertionError) a measured figure is beyond its limit
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class VirtualPytestError(Exception):
    """Any error of virtualpytest; *details* are plain values, *pictures* encoded images by name."""

    def __init__(
        self,
        message: str,
        *,
        details: Mapping[str, object] | None = None,
        pictures: Mapping[str, bytes] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = dict(details or {})
        self.pictures = dict(pictures or {})


class ConfigError(VirtualPytestError):
    """What the user wrote cannot be used; *problems* holds one line for each mistake."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: Sequence[str] = problems


class CapabilityMissing(VirtualPytestError):
    """The test uses a capability that its device does not have."""


class ReferenceNotFound(VirtualPytestError):
    """A reference picture is missing, unreadable, or cannot match anything."""


class LabFault(VirtualPytestError):
    """The lab broke, not the product under test."""


class HostError(LabFault):
    """A host cannot be reached, does not fit, or was lost."""


class LeaseError(LabFault):
    """A lease could not be taken, or is no longer ours."""


class DeviceError(LabFault):
    """A device or one of its controllers failed."""


class CallTimeout(DeviceError):
    """A call passed its deadline; its process was ended and started again."""


class NotReady(DeviceError):
    """A device is not fit for a test, nor could be made so; it is not used any more in this run."""


class DeviceLost(DeviceError):
    """The device's process on the host ended during a call."""


class UnknownName(DeviceError):
    """The test names a key, or a button, that its device does not have: the test is wrong, not the lab."""


class CaptureError(LabFault):
    """There is no picture to judge: absent, ended, no signal, or made up by the capture."""


class NotSeen(VirtualPytestError, AssertionError):
    """A check did not come true in its time."""


class Overdue(VirtualPytestError):
    """A test ran longer than its deadline allows."""


class Seen(VirtualPytestError, AssertionError):
    """Something was seen that must never show."""


class AppCrashed(VirtualPytestError, AssertionError):
    """An app that the test had started crashed, or did not answer, while the test itself found nothing wrong."""


class OutOfLimits(VirtualPytestError, AssertionError):
    """A measured figure is below its minimum or above its maximum."""


def by_name(names: Sequence[str]) -> type[VirtualPytestError]:
    """Return the first known class among *names*, a class's ancestry written most special first."""
    known = {cls.__name__: cls for cls in _family(VirtualPytestError)}
    return next((known[name] for name in names if name in known), DeviceError)


def lab_faults() -> list[str]:
    """Return the names of the errors that point at the lab."""
    return [cls.__name__ for cls in _family(LabFault) if not issubclass(cls, UnknownName)]


def _family(cls: type[VirtualPytestError]) -> list[type[VirtualPytestError]]:
    return [cls, *(member for sub in cls.__subclasses__() for member in _family(sub))]
