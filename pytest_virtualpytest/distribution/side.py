"""What a worker and the controller of pytest-xdist tell each other beside xdist's own channel.

Messages are tuples of a word and plain values; on one connection they keep their order with xdist's own.

worker → controller
    ("worker", pid)                                 it lives
    ("needs", [[NAMES, …], …], [number, …], [unit, …])
                                                    the sets of needs that there are; for each test the number of
                                                    its set, and the name of the unit it belongs to, "" for itself
    ("beat",)                                       every two seconds
    ("test", nodeid, identity)                      it begins; *identity* is what its Allure result will be known by
    ("leased", nodeid, device, host) ("returned", device)
    ("step", title, started) ("stepped", status, stopped)
    ("waiting", line)
    ("unfit", device, why)                          it is not ready, nor can be made so
    ("provisioned", device)                         by this worker; no other one needs to
    ("overdue", nodeid, seconds)                    past its deadline; the worker is about to end itself
controller → worker
    ("assign", [device, …])                         for the test that is sent next
    ("unfit", device, why)                          do not use it any more
    ("provisioned", [device, …])                    by some worker
    ("finish",)                                     give back what wider fixtures hold
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

KEY = "virtualpytest_side"
Message = tuple[Any, ...]


class Side:
    """One end of the channel; *take* gets each message in execnet's thread, and must not wait."""

    def __init__(self, channel: Any, take: Callable[[Message], None]) -> None:
        self._channel = channel
        channel.setcallback(take)

    def send(self, *message: Any) -> None:
        """Send a message; whoever is gone needs none."""
        with contextlib.suppress(OSError, EOFError):
            self._channel.send(message)
