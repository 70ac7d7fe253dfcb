"""Calls that need no device: kept pictures and clips, figures, virtual devices. What they stand on is imported late."""

from __future__ import annotations

from typing import Any

from pytest_virtualpytest.wire import Reply


def imported_screen() -> Any:
    """Return the module `screen`, or raise an error that names the extra that it needs."""
    from virtualpytest_host import needs

    with needs.host_extra("the screen"):
        from virtualpytest_host import screen
    return screen


def offline(action: str, blobs: list[bytes], **options: Any) -> Reply:
    """Judge pictures that were kept: do *action* of `vision.offline`."""
    imported_screen()
    from virtualpytest_host.vision import offline

    return getattr(offline, action)(*blobs, **options)  # type: ignore[no-any-return]


def listen(blobs: list[bytes], **options: Any) -> Reply:
    """Listen to a clip that was kept."""
    imported_screen()
    from virtualpytest_host.sound import offline

    (clip,) = blobs
    return offline.listen(clip, **options)


def estimate(**arguments: Any) -> dict[str, float]:
    """Return what a calibration's samples come to."""
    imported_screen()
    from virtualpytest_host import calibration

    return calibration.estimate(**arguments)


def virtual(action: str, **arguments: Any) -> dict[str, Any]:
    """Pin a virtual device, or stop it; return whether that was done."""
    from virtualpytest_host import virtual as devices

    if action == "pin":
        devices.pin(**arguments)
        return {"done": True}
    return {"done": devices.stop(**arguments)}
