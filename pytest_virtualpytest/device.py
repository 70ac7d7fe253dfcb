"""Device: what a test holds of a device; each method is one call to the device's host."""

from __future__ import annotations


class Device:
    """A leased device."""
