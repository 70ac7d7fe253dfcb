"""Virtual phones for tests: started, reached by two clients that nobody here wrote, ended in the end."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from boxes import Bench
from virtualpytest_host import virtual
from virtualpytest_host.controllers.adb import Adb as Controller

from pytest_virtualpytest.exceptions import DeviceError

PATIENCE = 30.0  # seconds
SETTINGS, NOTES = "com.virtual.settings", "com.virtual.notes"
NASTY = [
    "a b", "it's", '"x"', "$(reboot)", "`reboot`", "; reboot", "| & < >", "new\nline", "%s 100%",
    "-rf", "#", "\\n", "mouse",
]  # fmt: skip


class Phone(Bench):
    """A running phone."""

    @property
    def address(self) -> str:
        """Where its ADB is."""
        return f"127.0.0.1:{self.port('adb')}"


class Adb:
    """Debian's own client, with a server of its own and a key of its own."""

    def __init__(self, phone: Phone, home: Path, port: int) -> None:
        self._serial = phone.address
        self._environ = {**os.environ, "HOME": str(home), "ANDROID_ADB_SERVER_PORT": str(port)}
        self._run("connect", self._serial)

    def __call__(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """Run a command of the client."""
        return self._run("-s", self._serial, *words)

    def close(self) -> None:
        """End the client's server."""
        self._run("kill-server")

    def _run(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        command = ["adb", *words]
        return subprocess.run(command, env=self._environ, capture_output=True, check=False, timeout=PATIENCE)


@contextlib.contextmanager
def running(name: str) -> Iterator[Phone]:
    """Run a phone of one's own."""
    with contextlib.closing(virtual.attach("phone", name)):
        try:
            yield Phone(name)
        finally:
            virtual.stop(name)


@contextlib.contextmanager
def opened(phone: Phone, key: Path, timeout: float = 5.0) -> Iterator[Controller]:
    """Give an open controller of *phone*, which knows *key*."""
    with contextlib.closing(Controller(phone.address, key, timeout=timeout)) as adb:
        adb.open()
        yield adb


def complaint(action: Callable[[], object]) -> str:
    """Return the DeviceError of *action*, in words."""
    with pytest.raises(DeviceError) as caught:
        action()
    return caught.value.message


def archive(app: str, label: str = "An app") -> bytes:
    """Return an app to install, as the virtual phone takes it."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        manifest = f"<manifest package={quoteattr(app)}><application label={quoteattr(label)}/></manifest>"
        file.writestr("AndroidManifest.xml", manifest)
    return data.getvalue()
