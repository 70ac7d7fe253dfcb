"""Opening a host: what the user reads when it does not work, and what works besides."""

from __future__ import annotations

import contextlib
import os
import shlex
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest
import sshd
from bench import Bench, Host, SshHost
from relay import Relay
from until import until

from pytest_virtualpytest import transport
from pytest_virtualpytest.exceptions import HostError
from pytest_virtualpytest.gateway import Gateway, Gateways
from pytest_virtualpytest.wire import Call

OTHER_VERSION = Path(__file__).parent.parent / "other_version"


def refusal(host: Host) -> str:
    """Return what opening *host* complains of."""
    gateway = Gateway(host)
    with pytest.raises(HostError) as caught:
        gateway.open()
    assert not gateway.alive
    return str(caught.value)


def with_options(ssh_host: SshHost, folder: Path, **options: str) -> Host:
    """Return the host with other *options* in its ssh configuration."""
    config = ssh_host.server.client(folder / "config", **options)
    return replace(ssh_host.host, ssh_config=str(config))


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """Make a key that no host knows."""
    key = tmp_path / "stranger"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    return key


def test_unknown_host(ssh_host: SshHost, tmp_path: Path) -> None:
    host = with_options(ssh_host, tmp_path, HostName="no-such-host.invalid")

    message = refusal(host)

    assert message == "host 'rack1': its name is not known; check the spelling, or add it to ~/.ssh/config"


def test_refused_connection(ssh_host: SshHost, tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        host = with_options(ssh_host, tmp_path, Port=str(nobody.getsockname()[1]))

        message = refusal(host)

    assert message == "host 'rack1': the connection was refused; does an sshd run there, on that port?"


def test_refused_key(ssh_host: SshHost, tmp_path: Path, stranger: Path) -> None:
    host = with_options(ssh_host, tmp_path, IdentityFile=str(stranger))

    message = refusal(host)

    assert message == "host 'rack1': the key was refused; try by hand: ssh -o BatchMode=yes rack1"


def test_unknown_host_key(ssh_host: SshHost, tmp_path: Path) -> None:
    host = with_options(ssh_host, tmp_path, UserKnownHostsFile="/dev/null")

    message = refusal(host)

    assert message == (
        "host 'rack1': its host key is not known or has changed; connect once by hand: ssh rack1"
    )


def test_no_python_there(ssh_host: SshHost) -> None:
    message = refusal(replace(ssh_host.host, python="/nowhere/python"))

    assert message.startswith(
        "host 'rack1': no Python there at '/nowhere/python'; set `python` to the path of one in the lab file ("
    )
    assert "not found" in message


def test_no_python_here() -> None:
    message = refusal(Host(python="/nowhere/python"))

    assert message == "host 'rack1': cannot run '/nowhere/python': No such file or directory"


def test_virtualpytest_not_installed_there(ssh_host: SshHost) -> None:
    python = f"{ssh_host.python} -S".replace("PYTHONPATH=", "NOTHING=")

    message = refusal(replace(ssh_host.host, python=python))

    assert message == (
        f"host 'rack1': virtualpytest is not installed for {python!r} there; "
        "pip install 'virtualpytest[host]' with it"
    )


def test_old_python_there(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text("#!/bin/sh\necho 'Unknown option: -P' >&2\nexit 2\n")
    old.chmod(old.stat().st_mode | stat.S_IXUSR)

    message = refusal(Host(python=str(old)))

    assert message == f"host 'rack1': its Python {str(old)!r} is too old; virtualpytest needs 3.11 or newer"


@pytest.mark.parametrize(
    ("theirs", "range_there"), [("7", "6–7"), ("0", "-1–0")], ids=["newer", "older"]
)  # fmt: skip
def test_other_protocol_there(theirs: str, range_there: str) -> None:
    python = f"env PYTHONPATH={OTHER_VERSION} THEIR_PROTOCOL={theirs} {sys.executable}"

    message = refusal(Host(python=python))

    assert message == (
        f"host 'rack1': virtualpytest {theirs}.0 there speaks protocol {range_there}, "
        f"{metadata.version('virtualpytest')} here 1–2; install the same version on both"
    )


def test_login_shell_that_prints(ssh_host: SshHost, open_folder: Path) -> None:
    account = ssh_host.server.account
    command = 'echo Welcome to rack1; eval "$SSH_ORIGINAL_COMMAND"'
    with sshd.Sshd(open_folder / "talking", account, force=command) as talking:
        message = refusal(replace(ssh_host.host, ssh_config=str(talking.config)))

    assert message == (
        "host 'rack1': its login shell prints to standard output ('Welcome to rack1'); "
        "let it print in interactive shells only"
    )


@pytest.mark.parametrize(
    ("gateway", "shown"),
    [
        ("ssh=-oProxyCommand=touch${IFS}/tmp/x", "'-oProxyCommand=touch${IFS}/tmp/x'"),
        ("ssh=lab@-oProxyCommand=x", "'lab@-oProxyCommand=x'"),
        ("ssh=rack1 -o X=y", "'rack1 -o X=y'"),
    ],
)
def test_dangerous_host_name_is_refused(gateway: str, shown: str) -> None:
    message = refusal(Host(gateway=gateway))

    assert message == f"host 'rack1': {shown} is refused: a name has no blanks and no '-' in front"


@pytest.mark.parametrize("gateway", ["socket=127.0.0.1:8888", "ssh", "ssh=", "popen=x", ""])
def test_other_gateway_is_refused(gateway: str) -> None:
    message = refusal(Host(gateway=gateway))

    assert message == f"host 'rack1': gateway {gateway!r} is refused; use 'popen' or 'ssh=user@machine'"


def test_host_that_accepts_and_says_nothing_ends_in_time(
    ssh_host: SshHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "OPEN_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        host = with_options(ssh_host, tmp_path, Port=str(mute.getsockname()[1]))
        begin = time.monotonic()

        message = refusal(host)

    assert message == "host 'rack1': no answer within 1 s of starting ssh=rack1"
    assert time.monotonic() - begin < 10


def test_python_that_never_starts_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "OPEN_SECONDS", 0.5)

    message = refusal(Host(python="sh -c 'exec sleep 60'"))

    assert message == "host 'rack1': no answer within 0.5 s of starting popen"


def test_python_of_several_words(tmp_path: Path) -> None:
    host = Host(python=f"env VPT_STATE={shlex.quote(str(tmp_path))} {sys.executable}")

    with opened(host) as gateway:
        state = gateway.call(Call("health")).value["state"]

    assert state == str(tmp_path)


def test_agent_runs_as_the_other_account(ssh_bench: Bench, ssh_host: SshHost) -> None:
    pid = ssh_bench.gateway.facts["pid"]

    owner = Path(f"/proc/{pid}").stat().st_uid

    assert owner == int(subprocess.check_output(["id", "-u", ssh_host.server.account]))


def test_frames_are_not_compressed(ssh_host: SshHost) -> None:
    command = transport.command(ssh_host.host)

    settings = subprocess.check_output(["ssh", "-G", *command[1 : command.index("--")], "rack1"], text=True)

    assert "compression no" in settings
    assert "batchmode yes" in settings
    assert "serveraliveinterval 5" in settings


def test_many_gateways_start_at_once(ssh_host: SshHost) -> None:
    gateways = [Gateway(ssh_host.host) for _ in range(12)]
    errors: list[BaseException] = []

    def start(gateway: Gateway) -> None:
        try:
            gateway.open()
        except HostError as error:
            errors.append(error)

    threads = [threading.Thread(target=start, args=(gateway,)) for gateway in gateways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for gateway in gateways:
        gateway.close()

    assert errors == []


def test_start_that_sshd_turned_away_is_tried_again(ssh_host: SshHost, tmp_path: Path) -> None:
    with TurningAway(ssh_host.server.port, times=2) as door:
        host = with_options(ssh_host, tmp_path, Port=str(door.port))

        with opened(host) as gateway:
            alive = gateway.alive

    assert alive
    assert door.turned_away == 2


def test_lost_gateway_is_opened_again_on_next_use(local_gateways: Gateways) -> None:
    first = local_gateways.of("rack1")
    os.kill(first.facts["pid"], 9)
    until(lambda: not first.alive)

    second = local_gateways.of("rack1")

    assert second is not first
    assert second.alive


class TurningAway:
    """A door that closes on the first *times* who knock, as sshd does beyond MaxStartups."""

    def __init__(self, port: int, times: int) -> None:
        self._port, self._times, self.turned_away = port, times, 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._stack = contextlib.ExitStack()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> TurningAway:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._stack.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while self.turned_away < self._times:
                near, _ = self._server.accept()
                near.close()
                self.turned_away += 1
            relay = self._stack.enter_context(Relay(self._port))
            while True:
                near, _ = self._server.accept()
                relay.join(near)


@contextlib.contextmanager
def opened(host: Host) -> Iterator[Gateway]:
    """Give an open gateway to *host*."""
    gateway = Gateway(host)
    gateway.open()
    with contextlib.closing(gateway):
        yield gateway
