"""Links that were made worse: in which ways, by whom, and what is complained of."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.traffic import Impairment

BAD = [Impairment(bandwidth=5e6), Impairment(latency=0.01, jitter=0.005, loss=0.1, bandwidth=5e6), Impairment(loss=1.0)]
HOLDER = """
import sys, time
from virtualpytest_host.controllers.network import Network
from pytest_virtualpytest.traffic import Impairment
network = Network("link0", sys.argv[1], record=0)
network.open()
network.impair(Impairment(latency=0.01) if sys.argv[2] == "late" else Impairment(bandwidth=5e6))
print("bad", flush=True)
sys.stdin.read()
"""


def complaint(action: Callable[[], object]) -> str:
    """Return the one line that *action* complains of."""
    with pytest.raises(DeviceError) as caught:
        action()
    assert "\n" not in caught.value.message
    return caught.value.message
