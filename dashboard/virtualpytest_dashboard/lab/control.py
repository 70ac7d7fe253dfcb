"""A person's hands on a device: the same lease as a test's, given back when its holder leaves, or does nothing."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pytest_virtualpytest.config import LabConfig
from pytest_virtualpytest.device import Device
from pytest_virtualpytest.exceptions import LeaseError, VirtualPytestError
from pytest_virtualpytest.lab import Lab
from virtualpytest_dashboard.lab.survey import in_a_line
from virtualpytest_dashboard.lab.terminal import Terminal

Answer = TypeVar("Answer")
AWAY = 15.0  # seconds without a word from the page after which it counts as left
IDLE = 600.0
_LOOK = 0.5


@dataclass
class Hold:
    """A device in somebody's hands; who knows the *key* may use it."""

    device: Device
    undo: contextlib.ExitStack
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    lock: threading.Lock = field(default_factory=threading.Lock)
    heard: float = field(default_factory=time.monotonic)
    acted: float = field(default_factory=time.monotonic)
    terminal: Terminal = field(init=False)

    def __post_init__(self) -> None:
        self.terminal = Terminal(self.device)
        self.undo.callback(self.terminal.leave)


class Control:
    """The devices of *lab* that people hold here; *idle* seconds without an action end a hold, *away* without a word.

    Each hold has an agent of its own, so that looking never makes a key wait.
    """

    def __init__(self, lab: LabConfig, idle: float = IDLE, away: float = AWAY) -> None:
        self._lab, self._idle, self._away = lab, idle, away
        self._holds: dict[str, Hold] = {}
        self._ended: dict[str, str] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._watch: threading.Thread | None = None

    def take(self, name: str, user: str = "") -> Hold:
        """Lease device *name* for *user*, or raise LeaseError that says who holds it; nobody waits in line here."""
        with contextlib.ExitStack() as undo:
            hands = undo.enter_context(contextlib.closing(Lab(self._lab, holder=_holder(user))))
            try:
                device = undo.enter_context(hands.lease(device=name, timeout=0))
            except LeaseError as error:
                busy = error.details.get("busy")
                raise LeaseError(f"device {name!r} is {busy}") if busy else error from None
            hold = Hold(device, undo.pop_all())
        with self._lock:
            self._holds[hold.key] = hold
            if self._watch is None:
                self._watch = threading.Thread(target=self._end_those_left, daemon=True, name="lab control")
                self._watch.start()
        return hold

    def act(self, name: str, key: str, action: Callable[[Hold], Answer]) -> Answer:
        """Return what *action* answers, done with device *name*, held with *key*; LeaseError if it is held no more."""
        hold = self._hold(name, key)
        with hold.lock:
            hold.acted = hold.heard = time.monotonic()
            try:
                return action(hold)
            finally:
                hold.acted = time.monotonic()

    def keep(self, name: str, key: str) -> float:
        """Note that the page that holds device *name* is still there; return the seconds until it is idle."""
        hold = self._hold(name, key)
        hold.heard = time.monotonic()
        return max(0.0, hold.acted + self._idle - time.monotonic())

    def printed(self, name: str, key: str) -> dict[str, Any] | None:
        """Return what a command has printed that is followed on device *name*; None while something else is done."""
        hold = self._hold(name, key)
        if not hold.lock.acquire(blocking=False):
            return None
        try:
            return hold.terminal.printed()
        finally:
            hold.lock.release()

    def release(self, name: str, key: str, why: str = "it was given back") -> None:
        """Give device *name* back that is held with *key*; nothing, where that has been done."""
        with self._lock:
            if key not in self._holds or self._holds[key].device.name != name:
                return
            hold = self._holds.pop(key)
            self._ended[key] = why
        with hold.lock, contextlib.suppress(VirtualPytestError):  # with a host that is lost, the lease is lost too
            hold.undo.close()

    def free(self, name: str, why: str) -> None:
        """Give device *name* back whoever holds it here; LeaseError where nobody does."""
        held = [key for key, hold in list(self._holds.items()) if hold.device.name == name]
        if not held:
            raise LeaseError(f"nobody holds {name!r} through this dashboard")
        for key in held:
            self.release(name, key, why)

    def close(self) -> None:
        """Give everything back."""
        self._closed.set()
        for key, hold in list(self._holds.items()):
            self.release(hold.device.name, key)

    def _hold(self, name: str, key: str) -> Hold:
        with self._lock:
            hold = self._holds.get(key)
            if hold is not None and hold.device.name == name:
                return hold
            why = self._ended.get(key, "this page does not hold it")
        raise LeaseError(f"the device is not in your hands any more: {why}")

    def _end_those_left(self) -> None:
        while not self._closed.wait(_LOOK):
            now = time.monotonic()
            for key, hold in list(self._holds.items()):
                if why := self._over(hold, now):
                    self.release(hold.device.name, key, why)

    def _over(self, hold: Hold, now: float) -> str:
        """Return why *hold* ends now, nothing where it does not."""
        if hold.lock.locked():  # something is being done: a device that is started anew takes minutes
            return ""
        if now - hold.heard > self._away:
            return "its page was left"
        if now - hold.acted > self._idle:
            return f"nothing was done for {self._idle / 60:g} min"
        if not hold.device.link.gateway.alive:
            return in_a_line(LeaseError(f"host {hold.device.host!r} was lost"))
        return ""


def _holder(user: str) -> dict[str, str]:
    """Return who holds a device, to all who want it: the account of the dashboard, where it has no users."""
    named = {"user": user} if user else {}
    return {"kind": "person", "test": "virtualpytest dashboard", **named}
