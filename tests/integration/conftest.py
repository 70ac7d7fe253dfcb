"""Real hosts for tests: this machine through popen, and through an sshd of our own with another account."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import readable
import sshd
from bench import INSTALLED, Bench, Host, SshHost, spec
from films import Film

from pytest_virtualpytest.gateway import Gateways

ACCOUNT = "vptlab"


@pytest.fixture(scope="session", autouse=True)
def _installed_controller(own_state: Path) -> Iterator[None]:
    """Let every agent that a test starts find the controller of tests/installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(INSTALLED), prepend=os.pathsep)
        yield


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


@pytest.fixture
def local_gateways() -> Iterator[Gateways]:
    """Give gateways to this machine."""
    with contextlib.closing(Gateways({"rack1": Host()})) as gateways:
        yield gateways


@pytest.fixture
def bench(local_gateways: Gateways, tmp_path: Path) -> Bench:
    """Give a leased device behind popen, whose controller writes what it does to ``diary``."""
    diary = tmp_path / "diary"
    diary.touch()
    made = Bench(local_gateways, os.kill, spec(diary=str(diary)))
    made.lease()
    return made


@pytest.fixture
def ssh_bench(ssh_host: SshHost) -> Iterator[Bench]:
    """Give a leased device behind ssh."""
    with contextlib.closing(Gateways({"rack1": ssh_host.host})) as gateways:
        made = Bench(gateways, ssh_host.kill)
        made.lease()
        yield made


@pytest.fixture(params=["popen", "ssh"])
def any_bench(request: pytest.FixtureRequest) -> Bench:
    """Give a leased device behind each sort of gateway."""
    made: Bench = request.getfixturevalue("bench" if request.param == "popen" else "ssh_bench")
    return made


def _works(server: sshd.Sshd, python: str) -> bool:
    command = ["ssh", "-F", str(server.config), sshd.NAME, f"{python} -c 'import virtualpytest_host.agent'"]
    return subprocess.run(command, check=False, capture_output=True, timeout=60).returncode == 0


@pytest.fixture
def noise(noise_film: bytes, tmp_path: Path) -> Path:
    """Give a film of a second and a half that is larger than a ring."""
    path = tmp_path / "noise.ts"
    path.write_bytes(noise_film)
    return path


@pytest.fixture(scope="session")
def noise_film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give the bytes of that film."""
    options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "8", "g": "5"}
    film = Film(75, 50, options=options, size=(1280, 720), noise=True)
    return film.write(tmp_path_factory.mktemp("films") / "noise.ts").read_bytes()
