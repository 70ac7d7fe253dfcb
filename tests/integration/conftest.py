"""Real devices for tests, on this machine through popen, and through an sshd of our own with another account."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import netns
import persons
import phones
import pytest
from bench import INSTALLED, Bench, Host, SshHost, spec
from films import Film
from lircds import Lircd, running
from netns import Link
from persons import Person
from phones import Phone
from virtualpytest_host.controllers.adb import Adb
from virtualpytest_host.controllers.infrared import Infrared
from virtualpytest_host.controllers.network import Network

from pytest_virtualpytest.gateway import Gateways


@pytest.fixture(scope="session", autouse=True)
def _installed_controller(own_state: Path) -> Iterator[None]:
    """Let every agent that a test starts find the controller of tests/installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(INSTALLED), prepend=os.pathsep)
        yield


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


@pytest.fixture
def lircd(tmp_path: Path) -> Iterator[Lircd]:
    """Give a daemon that knows the remotes horizon and tv."""
    with running(tmp_path) as lircd:
        yield lircd


@pytest.fixture
def remote(lircd: Lircd) -> Infrared:
    """Give the remote horizon of the daemon."""
    return Infrared("horizon", lircd.socket)


@pytest.fixture(scope="module")
def phone() -> Iterator[Phone]:
    """Give a phone."""
    with phones.running("driven phone") as phone:
        yield phone


@pytest.fixture(scope="module")
def own_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a key that is made at its first use."""
    return tmp_path_factory.mktemp("keys") / "new" / "adbkey"


@pytest.fixture
def adb(phone: Phone, own_key: Path) -> Iterator[Adb]:
    """Give a controller of the phone, at home and with nothing wrong."""
    phone.clear()
    with phones.opened(phone, own_key) as adb:
        adb.press("HOME")
        yield adb
    phone.clear()


@pytest.fixture
def link() -> Iterator[Link]:
    """Give a link between two network namespaces."""
    netns.needed("ping", "iperf3", "tcpdump")
    with netns.link() as link:
        yield link


@pytest.fixture
def network(link: Link) -> Iterator[Network]:
    """Give an open controller of it."""
    network = Network(link.interface, link.host, timeout=2.0, record=0)
    network.open()
    yield network
    network.close()


@pytest.fixture
def two_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a lab of two hosts, in a state folder of its own."""
    monkeypatch.setenv("VPT_STATE", str(tmp_path / "state"))
    path = tmp_path / "lab.toml"
    path.write_text(persons.LAB)
    return path


@pytest.fixture
def person(two_hosts: Path) -> Iterator[Callable[[str], Person]]:
    """Give a function that makes a client of that name."""
    with contextlib.ExitStack() as stack:

        def make(name: str) -> Person:
            made = Person(two_hosts, name)
            stack.callback(made.lab.close)
            return made

        yield make
