"""Make a device ready for a test: what it must show, and what to do where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_virtualpytest.exceptions import NotReady, NotSeen

if TYPE_CHECKING:
    from pytest_virtualpytest.device import Device

_SECONDS = 10.0
_GLANCE = 1.0  # seconds to look where the next thing to do is a key: pressing it does no harm to a device that is slow


def make_ready(device: Device) -> None:
    """Wait for what *device* must show, and recover it where that does not come; or NotReady."""
    __tracebackhide__ = True
    ready = device.config.ready
    if ready is None:
        return
    seconds = ready.timeout or _SECONDS
    with device.link.step(f"ready: {ready.check}", {"recover": ", ".join(ready.recover)}):
        failure = _look(device, _GLANCE if ready.recover else seconds)
        for number, step in enumerate(ready.recover if failure else ()):
            _do(device, step)
            failure = _look(device, _GLANCE if _is_key(step, *ready.recover[number + 1 :][:1]) else seconds)
            if failure is None:
                return
        if failure is not None:
            tried = f" after {', '.join(ready.recover)}" if ready.recover else ""
            message = f"device {device.name!r} on host {device.host!r} is not ready{tried}: {failure.message}"
            raise NotReady(message, details=failure.details, pictures=failure.pictures)


def _look(device: Device, seconds: float) -> NotSeen | None:
    """Return None if the device shows what it must within *seconds*, else what was missing."""
    __tracebackhide__ = True
    ready = device.config.ready
    assert ready is not None
    try:
        device.screen.wait_for(ready.check, timeout=seconds, beside=ready.file)
    except NotSeen as error:
        return error
    return None


def _is_key(step: str, following: str = "power.") -> bool:
    """Tell whether both *step* and the one *following* it, if there is one, are keys."""
    return not step.startswith("power.") and not following.startswith("power.")


def _do(device: Device, step: str) -> None:
    """Press the key *step*, or do what it says to the power."""
    __tracebackhide__ = True
    if step.startswith("power."):
        getattr(device.power, step.removeprefix("power."))()
    else:
        device.remote.press(step)
