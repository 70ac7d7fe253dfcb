"""What a host must have installed, and what to do where it is missing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from pytest_virtualpytest.exceptions import DeviceError

_SYSTEM = {"libGL.so.1": "libgl1", "libgthread-2.0.so.0": "libglib2.0-0"}


@contextlib.contextmanager
def host_extra(who: str) -> Iterator[None]:
    """Turn a failed import within the block into a DeviceError that says what *who* needs."""
    with extra(who, "host"):
        yield


@contextlib.contextmanager
def extra(who: str, name: str) -> Iterator[None]:
    """Turn a failed import within the block into a DeviceError: *who* needs the extra *name* of the distribution."""
    try:
        yield
    except ImportError as error:
        reason = str(error).strip().partition("\n")[0]  # some libraries go on for a page
        package = next((deb for library, deb in _SYSTEM.items() if library in str(error)), "")
        if package:
            raise DeviceError(f"{who} needs a system library: apt-get install {package} ({reason})") from error
        wanted = f"virtualpytest[{name}]"
        raise DeviceError(f"{who} needs {wanted}: pip install '{wanted}' ({reason})") from error
