"""The agent: who may call what, and when it ends."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGSTOP

import pytest
from bench import Bench, Host, SshHost, spec
from until import until_busy

from pytest_virtualpytest import transport
from pytest_virtualpytest.exceptions import DeviceError, HostError, LeaseError, VirtualPytestError
from pytest_virtualpytest.gateway import Gateway, Gateways
from pytest_virtualpytest.wire import GAVE_UP, Call, Message, parse_reply

WHERE = "device 'stb1' on host 'rack1'"


class Raw:
    """A client that speaks the bare wire."""

    def __init__(self, link: transport.Link) -> None:
        self.link = link
        self._messages: list[Message] = []
        self._news = threading.Condition()
        link.channel.setcallback(self._take, endmarker=None)

    def ask(self, call: Call) -> Message:
        """Send *call* and return its answer."""
        self.link.channel.send(call.message(5))
        with self._news:
            assert self._news.wait_for(lambda: self._messages, 20)
            return self._messages.pop(0)

    def _take(self, message: Message | None) -> None:
        with self._news:
            self._messages += [message] if message else []
            self._news.notify()


@pytest.fixture
def raw() -> Iterator[Raw]:
    link = transport.start(Host())
    yield Raw(link)
    link.close(time.monotonic() + 2)


@pytest.fixture
def rival() -> Iterator[Gateway]:
    """Give another client of the same host."""
    gateway = Gateway(Host())
    gateway.open()
    with contextlib.closing(gateway):
        gateway.attach(spec())
        yield gateway


def test_client_of_the_protocol_before_is_served(raw: Raw) -> None:
    hello = {"version": "0.0.9", "protocol": 1, "oldest": 0}

    facts = raw.ask(Call("hello", args=hello))
    attached = raw.ask(Call("attach", "stb1", {"spec": spec()}))
    leased = raw.ask(Call("lease", "stb1", {"holder": {"user": "old"}}))
    token = json.loads(leased[1])["value"]["token"]
    pressed = raw.ask(Call("remote.press", "stb1", {"key": "UP"}, token, 10))

    assert {key for answer in (facts, attached, leased, pressed) for key in json.loads(answer[1])} == {"value"}
    assert json.loads(pressed[1])["value"]["key"] == "UP"


def test_client_of_this_protocol_hears_the_hosts_clock(bench: Bench) -> None:
    before = time.monotonic()

    reply = bench.press("UP")

    assert reply.received is not None
    assert reply.sent is not None
    assert before <= reply.received <= reply.sent <= time.monotonic()


def test_distant_client_is_refused_with_both_sides_named(raw: Raw) -> None:
    answer = raw.ask(Call("hello", args={"version": "9.9", "protocol": 9, "oldest": 8}))

    with pytest.raises(HostError, match=r"speaks protocol 1–2, 9\.9 here 8–9; install the same version on both"):
        parse_reply(answer)


def test_device_that_is_not_attached(local_gateways: Gateways) -> None:
    with pytest.raises(DeviceError) as caught:
        local_gateways.of("rack1").call(Call("remote.press", "stb1", {"key": "UP"}))

    assert str(caught.value) == f"{WHERE}: it is not attached; attach it before its first call"


def test_device_that_is_not_leased(rival: Gateway) -> None:
    with pytest.raises(LeaseError) as caught:
        rival.call(Call("remote.press", "stb1", {"key": "UP"}))

    assert str(caught.value) == f"{WHERE}: it is not leased; lease it before its first call"


def test_looking_needs_no_lease(bench: Bench, rival: Gateway) -> None:
    assert rival.call(Call("describe", "stb1")).value["capabilities"] == ["power", "remote"]


def test_leased_device_says_who_holds_it(bench: Bench, rival: Gateway) -> None:
    with pytest.raises(LeaseError) as caught:
        rival.lease("stb1", {"user": "ben"})

    assert str(caught.value) == f"{WHERE}: held by ann, run 4f6b, test_zap, 0 s"
    assert caught.value.details["held"] is True
    assert caught.value.details["holder"]["user"] == "ann"


def test_one_thing_under_two_names_is_leased_once(bench: Bench, rival: Gateway) -> None:
    alias = spec() | {"name": "livingroom"}
    rival.attach(alias)

    with pytest.raises(LeaseError, match=r"device 'livingroom' on host 'rack1': held by ann"):
        rival.lease("livingroom", {"user": "ben"})


def test_device_without_controllers_is_leased_by_its_name(local_gateways: Gateways) -> None:
    gateway = local_gateways.of("rack1")
    bare = {"name": "shelf", "virtual": None, "controllers": []}
    gateway.attach(bare)
    gateway.lease("shelf", {"user": "ann"})
    other = Gateway(Host())
    other.open()

    with contextlib.closing(other):
        other.attach(bare)
        with pytest.raises(LeaseError) as caught:
            other.lease("shelf", {"user": "ben"})

    assert caught.value.details["resource"] == "device:shelf"


def test_released_device_can_be_leased_by_another(bench: Bench, rival: Gateway) -> None:
    bench.gateway.release("stb1")

    assert rival.lease("stb1", {"user": "ben"}) > (bench.token or 0)
    with pytest.raises(LeaseError, match="it is not leased"):
        bench.press("UP")


def test_call_with_an_old_token_is_refused(bench: Bench) -> None:
    old = bench.token
    bench.gateway.release("stb1")
    bench.lease()

    with pytest.raises(LeaseError, match=r"the lease has passed to somebody else"):
        bench.gateway.call(Call("remote.press", "stb1", {"key": "UP"}, old))


def test_call_after_the_lock_file_was_removed_is_refused(bench: Bench, own_state: Path) -> None:
    (own_state / "locks" / "relay%3Astb1").unlink()

    with pytest.raises(LeaseError, match="was removed or replaced"):
        bench.press("UP")


def test_lease_that_is_given_back_ends_the_call_at_work(bench: Bench) -> None:
    errors: list[VirtualPytestError] = []

    def hang() -> None:
        try:
            bench.press("HANG")
        except VirtualPytestError as error:
            errors.append(error)

    thread = threading.Thread(target=hang)
    thread.start()
    until_busy(bench)
    bench.gateway.release("stb1")
    thread.join(10)

    assert [str(error) for error in errors] == [f"{WHERE}: the lease was given back meanwhile"]


def test_agent_gives_a_silent_client_up() -> None:
    program = "from virtualpytest_host.agent import Agent\nAgent(lambda message: None, silence=0.3).watch()\n"
    begin = time.monotonic()

    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=20)

    assert done.returncode == GAVE_UP
    assert time.monotonic() - begin >= 0.3


@pytest.fixture
def stopped_holder(ssh_host: SshHost) -> Iterator[int]:
    """Stop a process of this account that holds ``relay:far`` in the ssh host's state, and give its number."""
    locks = ssh_host.state / "locks"
    locks.mkdir(exist_ok=True)
    locks.chmod(0o777)
    program = (
        "import sys\nfrom virtualpytest_host import lease\n"
        "held = lease.take(['relay:far'], {'user': 'ben'})\nprint('held', flush=True)\nsys.stdin.read()\n"
    )
    environment = {**os.environ, "VPT_STATE": str(ssh_host.state)}
    command = [sys.executable, "-c", program]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    os.kill(process.pid, SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)
    (locks / "relay%3Afar").chmod(0o666)
    os.utime(locks / "relay%3Afar", (time.time() - 60, time.time() - 60))
    yield process.pid
    process.kill()
    process.communicate()


def test_stopped_process_of_another_account_is_named(ssh_host: SshHost, stopped_holder: int) -> None:
    if Path(f"/proc/{stopped_holder}").owner() == ssh_host.server.account:
        pytest.skip("needs root, or sudo without a password, for a second account")
    far = Gateway(ssh_host.host)
    far.open()

    with contextlib.closing(far):
        far.attach(spec("far"))
        with pytest.raises(LeaseError) as caught:
            far.lease("far", {"user": "ann"})

    assert str(caught.value) == (
        f"device 'far' on host 'rack1': relay:far is held by a stopped process of another account: "
        f"pid {stopped_holder}; its owner or an administrator must end it (kill -9 {stopped_holder})"
    )


def test_references_are_kept_by_their_content(local_gateways: Gateways, own_state: Path) -> None:
    gateway = local_gateways.of("rack1")
    picture = os.urandom(1000)
    sha = hashlib.sha256(picture).hexdigest()
    missing = gateway.call(Call("references.missing", args={"shas": [sha]})).value

    gateway.call(Call("references.put", args={"sha": sha}, blobs=[picture]))

    assert missing == [sha]
    assert gateway.call(Call("references.missing", args={"shas": [sha]})).value == []
    assert (own_state / "references" / sha).read_bytes() == picture


@pytest.mark.parametrize("sha", ["0" * 64, "../../etc/passwd"])
def test_reference_with_another_content_or_a_path_is_refused(local_gateways: Gateways, sha: str) -> None:
    with pytest.raises(VirtualPytestError, match=r"its content has another hash|is no SHA-256"):
        local_gateways.of("rack1").call(Call("references.put", args={"sha": sha}, blobs=[b"x"]))


def test_health_of_a_host(local_gateways: Gateways) -> None:
    report = local_gateways.of("rack1").call(Call("health")).value

    assert 0 <= report["memory"] <= 1
    assert 0 <= report["disk"] <= 1
    assert report["load"] >= 0
    assert abs(report["clock"] - time.time()) < 60
    assert report["python"].startswith("3.")


def test_unknown_call_of_the_agent(local_gateways: Gateways) -> None:
    with pytest.raises(DeviceError, match=r"host 'rack1': the agent has no call 'dance'; it has attach, hello"):
        local_gateways.of("rack1").call(Call("dance"))
