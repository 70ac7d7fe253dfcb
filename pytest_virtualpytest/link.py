"""The way of a device's calls: each is one step of the report, and each error names the device."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.exceptions import CapabilityMissing, LabFault, VirtualPytestError
from pytest_virtualpytest.report import Report, Silent
from pytest_virtualpytest.wire import Call, Reply

if TYPE_CHECKING:
    from pytest_virtualpytest.gateway import Gateway

GRACE = 10.0  # seconds that a call may take beyond what it waits for


@dataclass
class Link:
    """The calls of one leased device; *token* is the lease's, None once it is given back.

    *timeout* is that of a wait that says none, *scale* what the lab multiplies every wait by.
    """

    gateway: Gateway
    device: str
    host: str
    capabilities: Sequence[str]
    report: Report
    token: int | None = None
    timeout: float = 10.0
    scale: float = 1.0
    undo: list[Callable[[], object]] = field(default_factory=list)  # what is done when the test ends, the last first
    asked: int = 0  # calls since its test began
    launched: set[str] = field(default_factory=set)  # the apps that tests have started on it

    def seconds(self, timeout: float | None) -> float:
        """Return the seconds that a wait of *timeout* may take; None is a wait that says nothing."""
        return (self.timeout if timeout is None else timeout) * self.scale

    def step(self, title: str, values: Mapping[str, object] | None = None) -> AbstractContextManager[None]:
        """Show what happens within as one step of the report."""
        return self.report.step(f"{self.device}: {title}", values or {})

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Show nothing of what happens within: it is done for the report, not by the test."""
        before, self.report = (self.report, self.asked), Silent()
        try:
            yield
        finally:
            self.report, self.asked = before

    def call(
        self, method: str, args: Mapping[str, Any] | None = None, *, seconds: float = 0.0, blobs: Sequence[bytes] = ()
    ) -> Reply:
        """Return the host's answer, which may take *seconds* and some grace."""
        __tracebackhide__ = True
        call = Call(method, self.device, args or {}, self.token, seconds + GRACE, blobs)
        self.asked += 1
        try:
            return self.gateway.call(call)
        except VirtualPytestError as error:
            raise self.named(error).with_traceback(None) from None

    @contextmanager
    def judged(self, capability: str, targets: Sequence[Mapping[str, Any]]) -> Iterator[None]:
        """Have the host look, or listen, for *targets* while the block runs; raise Seen at its end if one was there."""
        __tracebackhide__ = True
        number = self.call(f"{capability}.never_start", {"targets": targets}).value["id"]
        try:
            yield
        except BaseException as error:
            try:
                self.call(f"{capability}.never_stop", {"id": number})
            except VirtualPytestError as second:
                error.add_note(f"and meanwhile: {second}")
            raise
        self.call(f"{capability}.never_stop", {"id": number})

    def need(self, capability: str) -> None:
        """Raise CapabilityMissing if the device does not have *capability*."""
        __tracebackhide__ = True
        if capability not in self.capabilities:
            raise CapabilityMissing(
                f"device {self.device!r} on host {self.host!r} has no {capability!r}, only "
                f'{", ".join(self.capabilities)}: add needs=["{capability}"] to the test\'s `device` marker'
            )

    def named(self, error: VirtualPytestError) -> VirtualPytestError:
        """Return *error* with the device and the host in its message."""
        if isinstance(error, LabFault) and not error.message.startswith(("device ", "host ")):
            error.message = f"device {self.device!r} on host {self.host!r}: {error.message}"
            error.args = (error.message,)
        return error


def caller() -> Path:
    """Return the file of the test, or the page object, that called us."""
    frame = sys._getframe(1)  # noqa: SLF001  # the one way to it
    while frame.f_back is not None and _ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    return Path(frame.f_code.co_filename)


def _ours(module: str) -> bool:
    return module == "contextlib" or module.partition(".")[0] == "pytest_virtualpytest"
