"""A private sshd on a high loopback port, with throwaway keys: for tests, benchmarks and the demo.

It serves this account; as root, or with sudo that asks for nothing, it can serve an unprivileged one.
Standard library only.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

NAME = "rack1"
_START_SECONDS = 15.0


class Sshd:
    """A running sshd; *config* is the client's side: ``ssh -F CONFIG rack1``.

    *account* is whom it lets in, by default this account. *force* is a command in place of the client's,
    *environment* what a session finds set. *folder* must be one that *account* can enter.
    """

    def __init__(
        self,
        folder: Path,
        account: str | None = None,
        *,
        force: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder, self.account = folder, account or getpass.getuser()
        self._root = [] if account in (None, getpass.getuser()) else root()
        self.port = 0
        self.config = folder / "config"
        self._extra = [f"ForceCommand {force}"] if force else []
        # at a SHLVL of 1 bash takes itself for no login's and leaves ~/.bashrc alone: whatever an account has there
        # is no part of a test, and may hold locks of its own, which a killed session would leave behind
        values = " ".join(f'"{name}={value}"' for name, value in {"SHLVL": "1", **(environment or {})}.items())
        self._extra += [f"SetEnv {values}"]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start it and wait until it listens."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("host_key", "user_key"):
            if not (self.folder / name).exists():
                _run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(self.folder / name)])
        if _as_root(self._root):
            _run([*self._root, "mkdir", "-p", "/run/sshd"])
        deadline = time.monotonic() + _START_SECONDS
        while not self._listens():
            if time.monotonic() > deadline:
                log = (self.folder / "sshd.log").read_text(errors="replace")
                raise RuntimeError(f"sshd did not listen within {_START_SECONDS:.0f} s: {log}")
        self.client(self.config)

    def client(self, path: Path, port: int | None = None, **options: str) -> Path:
        """Write a client's configuration to *path*, for another *port* or with other *options*, and return it."""
        known = self.folder / "known_hosts"
        key = (self.folder / "host_key.pub").read_text().split()
        known.write_text(f"{NAME} {key[0]} {key[1]}\n")
        values = {
            "HostName": "127.0.0.1", "Port": str(port or self.port), "User": self.account, "HostKeyAlias": NAME,
            "IdentityFile": str(self.folder / "user_key"), "IdentitiesOnly": "yes", "IdentityAgent": "none",
            "UserKnownHostsFile": str(known), "GlobalKnownHostsFile": "/dev/null", "StrictHostKeyChecking": "yes",
        }  # fmt: skip
        lines = [f"  {name} {value}" for name, value in (values | options).items()]
        path.write_text("\n".join([f"Host {NAME}", *lines, ""]))
        return path

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            if self._root:
                subprocess.run([*self._root, "kill", str(self._process.pid)], check=False)
            else:
                self._process.terminate()
            self._process.wait(10)
            self._process = None

    def _listens(self) -> bool:
        """Start on a free port if it does not run, and wait a little for it to listen."""
        if self._process is None or self._process.poll() is not None:
            self.port = _free_port()
            self._spawn()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as seen:
            seen.settimeout(2)
            return seen.recv(4) == b"SSH-"
        time.sleep(0.02)
        return False

    def _spawn(self) -> None:
        own = self.folder / "sshd_config"
        lines = [
            f"Port {self.port}", "ListenAddress 127.0.0.1", f"HostKey {self.folder / 'host_key'}", "PidFile none",
            f"AuthorizedKeysFile {self.folder / 'user_key.pub'}", "StrictModes no", "UsePAM no",
            "AuthenticationMethods publickey", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
            f"AllowUsers {self.account}", "PrintMotd no", *self._extra,
        ]  # fmt: skip
        own.write_text("\n".join([*lines, ""]))
        command = [*self._root, program(), "-D", "-e", "-f", str(own)]
        with (self.folder / "sshd.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )


def program() -> str:
    """Return sshd's path, which it insists on; RuntimeError that says what to install where it is missing."""
    found = shutil.which("sshd", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))
    if not found or not shutil.which("ssh-keygen"):
        raise RuntimeError("the ssh tests need sshd: apt-get install openssh-server")
    return found


def root() -> list[str]:
    """Return what to put before a command to run it as root; RuntimeError if that is not allowed."""
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    if shutil.which("sudo") and subprocess.run([*sudo, "true"], check=False, capture_output=True).returncode == 0:
        return sudo
    raise RuntimeError("this needs root, or sudo that asks for no password")


def may_be_root() -> bool:
    """Tell whether commands can be run as root."""
    with contextlib.suppress(RuntimeError):
        root()
        return True
    return False


def make_account(name: str) -> str:
    """Make the unprivileged account *name* if there is none, and return its name."""
    if not _exists(name):
        try:
            _run([*root(), "useradd", "--create-home", "--shell", "/bin/sh", "--password", "*", name])
        except RuntimeError:
            if not _exists(name):  # another process of the same run was faster
                raise
    return name


def open_folder(prefix: str) -> Path:
    """Return a new folder that every account can enter."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))  # $TMPDIR may be the account's own
    folder.chmod(0o755)
    return folder


def _exists(account: str) -> bool:
    return subprocess.run(["id", account], check=False, capture_output=True).returncode == 0


def _as_root(prefix: Sequence[str]) -> bool:
    return bool(prefix) or os.geteuid() == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
