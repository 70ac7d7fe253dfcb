"""Virtual phones for tests: started, reached by two clients that nobody here wrote, ended in the end."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

from boxes import Bench
from virtualpytest_host import virtual

PATIENCE = 30.0  # seconds


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


def archive(app: str, label: str = "An app") -> bytes:
    """Return an app to install, as the virtual phone takes it."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        manifest = f"<manifest package={quoteattr(app)}><application label={quoteattr(label)}/></manifest>"
        file.writestr("AndroidManifest.xml", manifest)
    return data.getvalue()
