"""The console of a device: what is typed there, timed on the host's clock, and what is waited for."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pytest_virtualpytest.capabilities import Logs
from pytest_virtualpytest.exceptions import NotSeen
from virtualpytest_host.hands import Inputs
from virtualpytest_host.moments import place


class Console:
    """The console that *controller* gives."""

    def __init__(self, controller: Any, inputs: Inputs, _handler: Callable[[str], Any]) -> None:
        self._controller, self._inputs = controller, inputs

    def write(self, shown: str, blobs: Sequence[bytes] = (b"",)) -> dict[str, Any]:
        """Send what came with the call, and return when; *shown* stands for it in logs."""
        return self._inputs.timed(shown, lambda: self._controller.write(blobs[0])).to_wire()

    def expect(
        self, pattern: str, flags: int, shown: str, timeout: float, since: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Return the line in which *pattern* came first from *since* on, or raise NotSeen."""
        start = time.monotonic() if since is None else place(since)
        found = self._controller.expect(re.compile(pattern, flags), start, timeout)
        if found is None:
            raise NotSeen(f"{shown} did not come within {timeout:g} s; {self._last()}")
        return {**found.to_wire(), "target": shown}

    def said(self, since: float) -> str:
        """Return what was said from *since* on, a time of this host: nothing where the console keeps no log."""
        return str(self._controller.since(since)) if isinstance(self._controller, Logs) else ""

    def _last(self) -> str:
        lines = self.said(0.0).splitlines()
        said = [line.partition(" ")[2] for line in lines if " " in line]
        return f"the last line is {said[-1][:200]!r}" if said else "nothing came at all"
