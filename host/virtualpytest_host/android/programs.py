"""The apps of an Android device."""

from __future__ import annotations

import difflib
import re
import secrets
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_virtualpytest.exceptions import DeviceError

_FRONT = re.compile(r"(?:mCurrentFocus|mFocusedApp|topResumedActivity|mResumedActivity)=.*?\s([\w.]+)/")
_GRANTED = re.compile(r"^\s+([\w.]+): granted=(true|false)", re.M)
_ROOM = "/data/local/tmp"
_INSTALL = 120.0  # seconds
_PACE = 1 << 20  # bytes a second that a transfer may be as slow as
_OPENERS = ("android.intent.category.LAUNCHER", "android.intent.category.LEANBACK_LAUNCHER")


class Programs:
    """Apps by the names of their packages."""

    connection: Any

    def launch(self, app: str, /) -> None:
        """Bring *app* to the front, started if it does not run."""
        categories = [word for opener in _OPENERS for word in ("-c", opener)]
        done = self._done("monkey", "-p", app, *categories, "1")
        if "Events injected: 1" not in done:
            raise self._unknown(app, done)

    def stop(self, app: str, /) -> None:
        """End *app*."""
        if app not in self.installed():
            raise self._unknown(app, "")
        self._done("am", "force-stop", app)

    def installed(self) -> Sequence[str]:
        """Return what is installed."""
        lines = self._done("pm", "list", "packages").splitlines()
        return sorted(line.removeprefix("package:") for line in lines if line.startswith("package:"))

    def current(self) -> str:
        """Return the app in front."""
        found = _FRONT.search(self._done("dumpsys", "window")) or _FRONT.search(self._done("dumpsys", "activity"))
        if found is None:
            raise DeviceError(f"{self.connection}: no app is in front; is the screen locked or off?")
        return found[1]

    def install(self, package: bytes, /) -> None:
        """Install the APK *package*, over an older one too."""
        path = f"{_ROOM}/vpt-{secrets.token_hex(6)}.apk"
        self.connection.push(package, path, self.connection.timeout + len(package) / _PACE)
        line = f"pm install -r -t {path}; status=$?; rm -f {path}; exit $status"
        done = self.connection.run(line, _INSTALL)
        if "Success" not in done.output:
            said = (done.output + done.errors).strip()[-300:]
            raise DeviceError(f"{self.connection}: the app was not installed: {said}")

    def clear(self, app: str, /) -> None:
        """End *app* and forget all that it has kept."""
        done = self._done("pm", "clear", app)
        if "Success" not in done:
            raise self._unknown(app, done)

    def permissions(self, app: str, /) -> Mapping[str, bool]:
        """Return what *app* may ask for while it runs, and whether it has it."""
        if app not in self.installed():
            raise self._unknown(app, "")
        return {name: word == "true" for name, word in _GRANTED.findall(self._done("dumpsys", "package", app))}

    def permit(self, app: str, permission: str, allowed: bool, /) -> None:
        """Give *app* a *permission*, or take it away; ``CAMERA`` is Android's own of that name."""
        name = permission if "." in permission else f"android.permission.{permission}"
        known = self.permissions(app)
        lines = self._done("pm", "grant" if allowed else "revoke", app, name).strip().splitlines()
        if lines:
            said = next((line for line in lines if "Exception: " in line), lines[0]).rpartition("Exception: ")[2]
            raise DeviceError(f"{self.connection}: {said[:300]}; {app!r} asks for {', '.join(known) or 'none'}")

    def _done(self, *words: str) -> str:
        done = self.connection.run(shlex.join(words))
        return str(done.output + done.errors)

    def _unknown(self, app: str, said: str) -> DeviceError:
        known = self.installed()
        if app in known:
            return DeviceError(f"{self.connection}: {app!r} has nothing to be opened by: {said.strip()[-300:]}")
        near = difflib.get_close_matches(app, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {len(known)} others"
        return DeviceError(f"{self.connection}: no app {app!r}; {hint}")
