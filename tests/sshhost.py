"""A host behind ssh for tests: an sshd of our own, with an unprivileged account behind it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import readable
import sshd
from bench import INSTALLED, SshHost

ACCOUNT = "vptlab"


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """Give a folder that every account can enter."""
    folder = sshd.open_folder("vpt-ssh-")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def ssh_host(open_folder: Path) -> Iterator[SshHost]:
    """Give a host behind ssh: an unprivileged account where we may make one, else this account."""
    state = open_folder / "state"
    state.mkdir()
    state.chmod(0o777)
    environment = {"VPT_STATE": str(state), "VPT_LINGER": os.environ.get("VPT_LINGER", "5")}
    if sshd.may_be_root():
        account = sshd.make_account(ACCOUNT)
        python = readable.python(open_folder / "python", INSTALLED)
        with sshd.Sshd(open_folder / "sshd", account, environment=environment) as server:
            if _works(server, python):
                yield SshHost(server, python, state)
                return
        sys.stderr.write(f"account {account!r} cannot run {python}; the ssh tests use this account instead\n")
    with sshd.Sshd(open_folder / "sshd-own", environment=environment) as server:
        yield SshHost(server, readable.own(), state)


def _works(server: sshd.Sshd, python: str) -> bool:
    command = ["ssh", "-F", str(server.config), sshd.NAME, f"{python} -c 'import virtualpytest_host.agent'"]
    return subprocess.run(command, check=False, capture_output=True, timeout=60).returncode == 0
