"""The phone itself: what is installed, which apps run and which is in front, and what they have kept."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

from virtualpytest_host.virtual.phone.apps import KINDS, LABELS, LAUNCHER, NOTES, App, Stranger
from virtualpytest_host.virtual.phone.logbook import Logbook
from virtualpytest_host.virtual.truth import Truth

_BOOTING = 1.0  # seconds that a reboot takes


class Handset:
    """The state of a phone; each change is in the log of what is true."""

    def __init__(self, name: str, truth: Truth) -> None:
        self.logbook, self._truth = Logbook(), truth
        self.changed = threading.Condition(threading.RLock())
        self.installed = dict(LABELS)
        self.kept: dict[str, Any] = {}
        self.granted = {NOTES: {f"android.permission.{name}": False for name in ("CAMERA", "RECORD_AUDIO")}}
        self.properties = {
            "ro.product.model": "Virtual Phone", "ro.product.name": "virtual", "ro.product.device": "vphone",
            "ro.product.manufacturer": "virtualpytest", "ro.build.version.release": "14", "ro.serialno": name,
            "ro.build.version.sdk": "34", "ro.build.fingerprint": "virtualpytest/virtual/vphone:14/V1/1:user/test-keys",
            "ro.build.display.id": "V1.0", "ro.boot.hardware": "virtual",
        }  # fmt: skip
        self.awake, self.version, self.front = True, 0, LAUNCHER
        self.apps: dict[str, App] = {}
        self._booted = 0.0
        self.launch(LAUNCHER)

    @property
    def booted(self) -> bool:
        """Whether it has started."""
        return time.monotonic() >= self._booted

    @property
    def app(self) -> App:
        """The app in front."""
        return self.apps[self.front]

    @property
    def state(self) -> str:
        """What it shows, in a word: the app in front, and its page."""
        if not self.booted:
            return "boot"
        where = self.front.rpartition(".")[2]
        return f"{where}:{self.app.page}" if self.awake and self.app.page else where if self.awake else "off"

    def launch(self, app: str) -> None:
        """Bring *app* to the front."""
        with self.acting("launch", app=app):
            if app not in self.apps:
                self.apps[app] = KINDS.get(app, Stranger)(self)
            self.front = app
        self.logbook.write("I", "ActivityTaskManager", f"START u0 {{cmp={app}/.Main}}")

    def stop(self, app: str) -> None:
        """End *app*; what it has kept stays."""
        with self.acting("stop", app=app):
            self.apps.pop(app, None)
            self.apps.setdefault(LAUNCHER, KINDS[LAUNCHER](self))
            self.front = LAUNCHER if app == self.front else self.front

    def crash(self, app: str, reason: str) -> None:
        """End *app* as an exception that nobody caught does."""
        trace = f"FATAL EXCEPTION: main\nProcess: {app}, PID: 4321\n{reason}\n\tat {app}.Main.run(Main.java:7)"
        self.logbook.write("E", "AndroidRuntime", trace)
        self.stop(app)

    def permit(self, app: str, permission: str, allowed: bool) -> bool:
        """Give *app* a permission or take it away, which ends it; tell whether it asks for that at all."""
        asked = self.granted.get(app, {})
        if permission not in asked:
            return False
        if asked[permission] and not allowed:
            self.stop(app)
        asked[permission] = allowed
        return True

    def clear(self, app: str) -> None:
        """End *app* and forget what it has kept."""
        self.stop(app)
        with self.acting("clear", app=app):
            self.kept.pop(app, None)

    def install(self, app: str, label: str) -> None:
        """Have *app* from now on."""
        with self.acting("install", app=app):
            self.installed[app] = label

    def remove(self, app: str) -> None:
        """No longer have *app*."""
        self.clear(app)
        with self.acting("remove", app=app):
            self.installed.pop(app)

    def reboot(self) -> None:
        """Start anew: no app runs, and for a while nothing is shown."""
        with self.acting("reboot"):
            self._booted = time.monotonic() + _BOOTING
            self.apps = {LAUNCHER: KINDS[LAUNCHER](self)}
            self.front, self.awake = LAUNCHER, True
        timer = threading.Timer(_BOOTING, self._started)
        timer.daemon = True
        timer.start()

    @contextlib.contextmanager
    def acting(self, event: str, **values: Any) -> Iterator[None]:
        """Do something that may change the picture; note it, and what is shown then."""
        with self.changed:
            self._truth.note(event, **values)
            before = self.state if self.apps else ""
            yield
            self.version += 1
            if self.state != before:
                self._truth.note("screen", state=self.state)
            self.changed.notify_all()

    def _started(self) -> None:
        with self.acting("booted"):
            self._booted = 0.0
        self._truth.note("screen", state=self.state)
