"""A machine as `virtualpytest host add` finds it: an sshd, an account, a Python, and nothing of ours."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sshd

NAME = "vptlab"
_CAN = "import sys, ensurepip; sys.exit(sys.version_info < (3, 11))"


@dataclass(frozen=True)
class Machine:
    """An account behind an sshd; *data* is where it keeps what is installed for it."""

    server: sshd.Sshd
    python: str
    data: Path

    @property
    def root(self) -> Path:
        """What `host add` makes."""
        return self.data / "virtualpytest"

    @property
    def prefix(self) -> list[str]:
        """What to put before a command that acts as the account."""
        return [*sshd.root(), "runuser", "-u", NAME, "--"] if self.server.account == NAME else []

    @property
    def words(self) -> list[str]:
        """What leads there, on the command line."""
        return [f"ssh={sshd.NAME}", "--ssh-config", str(self.server.config)]

    def lab(self, python: str = "", more: str = "") -> str:
        """Return a lab file with this machine as the host rack1."""
        path = python or shlex.quote(str(self.root / "current" / "bin" / "python"))
        config = f'ssh_config = "{self.server.config}"'
        return f'[hosts.rack1]\ngateway = "ssh={sshd.NAME}"\npython = "{path}"\n{config}\n{more}'


@contextmanager
def machine() -> Iterator[Machine]:
    """Give a machine: another account's where we may make one and it has a Python of its own, else this account's."""
    folder = sshd.open_folder("vpt-host-")
    account = NAME if sshd.may_be_root() and sshd.make_account(NAME) and _python_of(NAME) else None
    data, state = folder / "data of it", folder / "state"
    for place in (data, state):
        place.mkdir()
        place.chmod(0o777)
    environment = {"XDG_DATA_HOME": str(data), "VPT_STATE": str(state), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    try:
        with sshd.Sshd(folder / "sshd", account, environment=environment) as server:
            yield Machine(server, "python3" if account else sys.executable, data)
    finally:
        subprocess.run([*(sshd.root() if account else []), "rm", "-rf", str(data), str(state)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def _python_of(account: str) -> bool:
    """Tell whether *account* has a Python that can make environments."""
    words = [*sshd.root(), "runuser", "-u", account, "--", "env", "-i", "PATH=/usr/bin:/bin", "python3", "-c", _CAN]
    return subprocess.run(words, check=False, capture_output=True, cwd="/").returncode == 0
