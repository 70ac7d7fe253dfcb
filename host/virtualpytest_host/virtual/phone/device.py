"""What the phone's programs act on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from virtualpytest_host.virtual.faults import Faults
from virtualpytest_host.virtual.phone.glass import Glass
from virtualpytest_host.virtual.phone.handset import Handset


@dataclass(frozen=True)
class Device:
    """The inside and the outside of a phone, its faults, and what starts it anew."""

    handset: Handset
    glass: Glass
    faults: Faults
    reboot: Callable[[], None]
