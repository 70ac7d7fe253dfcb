"""What the controller knows of each worker: the test that it runs, the devices that it holds, the steps so far."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class WorkerState:
    """One worker, as its messages tell; *heard* is when the last one came, on CLOCK_MONOTONIC.

    *pid* is 0 where it is not on this machine, or has been ended; *begun* says that it beats.
    """

    worker: str
    run: str
    pid: int = 0
    begun: bool = False
    heard: float = field(default_factory=time.monotonic)
    test: str = ""
    began: float = 0.0
    identity: dict[str, Any] = field(default_factory=dict)
    leased: dict[str, str] = field(default_factory=dict)
    killed: str = ""
    cause: str = "lab"  # whom its death points at
    hung: float = 0.0  # since when its test did, in seconds since the epoch; 0 where it did not
    _done: list[dict[str, Any]] = field(default_factory=list)
    _open: list[dict[str, Any]] = field(default_factory=list)

    def take(self, word: str, values: list[Any]) -> bool:
        """Take note of a message; tell whether it was one about the test that runs."""
        match word:
            case "test":
                self.begin(*values)
            case "leased":
                self.leased[values[0]] = values[1]
            case "returned":
                self.leased.pop(values[0], None)
            case "step":
                self.step(*values)
            case "stepped":
                self.stepped(*values)
            case "overdue":
                self.killed, self.cause = f"was ended: the test passed its deadline of {values[0]:g} s", "test"
                self.hung = self.began + values[0]
            case _:
                return False
        return True

    def begin(self, test: str, identity: str) -> None:
        """Take note of the test that begins."""
        self.test, self.began, self.identity = test, time.time(), json.loads(identity)
        self._done, self._open = [], []

    def step(self, title: str) -> None:
        """Take note of a step that begins, within those that go on."""
        step = {"name": title, "start": _now(), "steps": []}
        (self._open[-1]["steps"] if self._open else self._done).append(step)
        self._open.append(step)

    def stepped(self, status: str) -> None:
        """Take note of the end of the innermost step."""
        if self._open:
            self._open.pop().update(status=status, stop=_now())

    def steps(self) -> list[dict[str, Any]]:
        """Return the steps as Allure has them; those that went on when the worker died are broken."""
        for step in self._open:
            step.update(status="broken", stop=_now())
        return self._done


def _now() -> int:
    return round(time.time() * 1000)
