"""A link made worse by the kernel: tbf paces it, netem, where the kernel has it, delays and loses as well.

What goes out is queued at the interface itself, what comes in at a mirror of it (ifb).
"""

from __future__ import annotations

from pytest_virtualpytest.traffic import Impairment
from virtualpytest_host.network.control import EVERY, Control

_BURST_SECONDS = 0.01
_LEAST_BURST = 20_000  # bytes: two packets of the largest sort
_QUEUE = "100ms"  # that a packet may wait for those before it
_PACKETS = 20_000


def shape(control: Control, impairment: Impairment) -> None:
    """Impair the link both ways; Unsupported if the kernel cannot, with all undone."""
    words = _words(impairment)
    control.free()
    try:
        control.queue(control.interface, *words)
        mirror = control.mirror()
        control.steer("ingress", EVERY, mirror)
        control.queue(mirror, *words)
    except BaseException:
        control.clean()
        raise


def _words(impairment: Impairment) -> list[str]:
    rate = [] if impairment.bandwidth is None else ["rate", f"{impairment.bandwidth:.0f}bit"]
    if rate and not (impairment.latency or impairment.loss):
        burst = max(_LEAST_BURST, int(impairment.bandwidth or 0) // 8 * _BURST_SECONDS)
        return ["tbf", *rate, "burst", f"{burst:.0f}", "latency", _QUEUE]
    delay = ["delay", f"{impairment.latency * 1e6:.0f}us", f"{impairment.jitter * 1e6:.0f}us"]
    return ["netem", "limit", str(_PACKETS), *delay, "loss", f"{impairment.loss:.4%}", *rate]
