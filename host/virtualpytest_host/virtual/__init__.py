"""Virtual devices: separate processes that speak real protocols on loopback."""

from virtualpytest_host.virtual.life import Attachment, attach, pin, running, stop

__all__ = ["Attachment", "attach", "pin", "running", "stop"]
