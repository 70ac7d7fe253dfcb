"""What a test sees when its lab breaks: an error that names device and host, in time, and the next call passes."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL, SIGSTOP

import pytest
from bench import Bench, Host, SshHost, ended
from relay import Relay
from stopping import until_stopped
from until import until

from pytest_virtualpytest.exceptions import CallTimeout, DeviceError, DeviceLost, HostError, LeaseError
from pytest_virtualpytest.gateway import Gateway, Gateways
from pytest_virtualpytest.wire import Call

WHERE = "device 'stb1' on host 'rack1'"


def free_after(rival: Gateway, bench: Bench, limit: float = 10.0) -> float:
    """Return the seconds until *rival* can lease the device."""
    begin = time.monotonic()
    while time.monotonic() < begin + limit:
        with contextlib.suppress(LeaseError):
            rival.lease("stb1", {"user": "ben"})
            rival.release("stb1")
            return time.monotonic() - begin
    pytest.fail(f"the lease was not free within {limit} s")


@contextlib.contextmanager
def rival_of(bench: Bench, host: Host) -> Iterator[Gateway]:
    """Give another client's gateway to the same host."""
    rival = Gateway(host)
    rival.open()
    with contextlib.closing(rival):
        rival.attach(bench.spec)
        yield rival


@pytest.fixture
def host(request: pytest.FixtureRequest, any_bench: Bench) -> Host:
    if "ssh" in request.node.callspec.id:
        return request.getfixturevalue("ssh_host").host
    return Host()


def test_killed_device_process_fails_its_call_only(any_bench: Bench) -> None:
    with pytest.raises(DeviceLost) as caught:
        any_bench.press("CRASH")

    assert str(caught.value) == (
        f"{WHERE}: the device's process ended by signal SIGKILL during remote.press; it is started again"
    )
    assert any_bench.press("OK").value["key"] == "OK"


def test_device_process_killed_between_calls_is_replaced(bench: Bench) -> None:
    first = bench.pid()

    bench.kill(first, SIGKILL)

    with contextlib.suppress(DeviceLost):  # the call that came before the news
        bench.press("OK")
    assert bench.press("OK").value["key"] == "OK"
    assert bench.pid() != first


def test_segfault_in_a_driver_leaves_other_devices_alone(bench: Bench) -> None:
    other = {**bench.spec, "name": "stb2"}
    other["controllers"] = [{**other["controllers"][0], "settings": {"name": "stb2"}}]
    before = bench.gateway.attach(other)["pid"]

    with pytest.raises(DeviceLost, match=r"ended by signal SIGSEGV during remote\.press") as caught:
        bench.press("SEGFAULT")

    assert "rack_controller.py" in "".join(caught.value.__notes__)
    assert bench.gateway.attach(other)["pid"] == before


def test_killed_agent_is_a_lost_host_and_frees_the_lease(any_bench: Bench, host: Host) -> None:
    agent = any_bench.gateway.facts["pid"]
    device = any_bench.pid()
    with rival_of(any_bench, host) as rival:
        any_bench.kill(agent, SIGKILL)
        begin = time.monotonic()

        seconds = free_after(rival, any_bench)
        with pytest.raises(HostError) as caught:
            any_bench.gateways._open["rack1"].call(_press(any_bench), 3.0)

    assert str(caught.value).startswith(f"{WHERE} was lost during remote.press: ")
    assert seconds < 0.5
    assert time.monotonic() - begin < 5
    any_bench.lease()
    assert any_bench.press("OK").value["key"] == "OK"
    assert ended(device)


def test_killed_agent_fails_the_call_that_waits_at_once(bench: Bench) -> None:
    agent = bench.gateway.facts["pid"]
    threading.Timer(0.3, bench.kill, (agent, SIGKILL)).start()
    begin = time.monotonic()

    with pytest.raises(HostError) as caught:
        bench.press("HANG", deadline=60)

    assert str(caught.value) == f"{WHERE} was lost during remote.press: its agent ended, signal SIGKILL"
    assert time.monotonic() - begin < 10


def test_stopped_host_fails_the_call_in_time_and_the_next_lease_passes(any_bench: Bench) -> None:
    agent = any_bench.gateway.facts["pid"]
    any_bench.kill(agent, SIGSTOP)
    until_stopped(agent)
    begin = time.monotonic()

    with pytest.raises(HostError) as caught:
        any_bench.press("OK", deadline=0.5, patience=0.5)

    assert str(caught.value) == f"{WHERE} does not answer: remote.press took more than 1 s"
    assert time.monotonic() - begin < 5
    _lease_in_time(any_bench)
    assert any_bench.press("OK").value["key"] == "OK"
    assert ended(agent)


def test_call_over_its_deadline_is_answered_then_and_the_lease_is_kept(any_bench: Bench) -> None:
    begin = time.monotonic()

    with pytest.raises(CallTimeout) as caught:
        any_bench.press("HANG", deadline=0.5)

    assert str(caught.value) == f"{WHERE}: remote.press did not end within its deadline of 0.5 s"
    assert 0.5 <= time.monotonic() - begin < 3
    assert any_bench.press("OK").value["key"] == "OK"


def test_stopped_device_process_is_a_call_over_its_deadline(bench: Bench) -> None:
    with pytest.raises(CallTimeout, match=r"did not end within its deadline of 0\.5 s"):
        bench.press("STOP", deadline=0.5)

    assert bench.press("OK").value["key"] == "OK"


def test_queued_call_over_its_deadline_leaves_the_call_at_work_alone(bench: Bench) -> None:
    failed: list[BaseException] = []

    def hang() -> None:
        try:
            bench.press("HANG", deadline=2)
        except CallTimeout as error:
            failed.append(error)

    first = threading.Thread(target=hang)
    first.start()
    until(lambda: bench.gateway._waiting)
    begin = time.monotonic()

    with pytest.raises(CallTimeout):
        bench.press("OK", deadline=0.3)

    assert time.monotonic() - begin < 1.5
    first.join(10)
    assert len(failed) == 1


def test_cut_connection_is_a_lost_host(ssh_host: SshHost, tmp_path: Path) -> None:
    with Relay(ssh_host.server.port) as relay:
        config = ssh_host.server.client(tmp_path / "config", relay.port)
        cut = Host("rack1", ssh_host.host.gateway, ssh_host.python, str(config))
        with contextlib.closing(Gateways({"rack1": cut})) as gateways:
            bench = Bench(gateways, ssh_host.kill)
            bench.lease()
            agent = bench.gateway.facts["pid"]

            relay.cut()
            with pytest.raises(HostError) as caught:
                gateways._open["rack1"].call(_press(bench))

            assert str(caught.value).startswith(
                f"{WHERE} was lost during remote.press: the connection or the agent ended"
            )
            _lease_in_time(bench)
            assert bench.press("OK").value["key"] == "OK"
            until(lambda: ended(agent))


def test_silent_connection_fails_the_call_in_time(ssh_host: SshHost, tmp_path: Path) -> None:
    with Relay(ssh_host.server.port) as relay:
        config = ssh_host.server.client(tmp_path / "config", relay.port)
        silent = Host("rack1", ssh_host.host.gateway, ssh_host.python, str(config))
        with contextlib.closing(Gateways({"rack1": silent})) as gateways:
            bench = Bench(gateways, ssh_host.kill)
            bench.lease()

            relay.pause()
            with pytest.raises(HostError) as caught:
                bench.press("OK", deadline=0.5, patience=0.5)

            assert str(caught.value) == f"{WHERE} does not answer: remote.press took more than 1 s"


def test_error_of_a_controller_carries_the_hosts_traceback(any_bench: Bench) -> None:
    with pytest.raises(DeviceError) as caught:
        any_bench.press("FAIL")

    assert str(caught.value) == f"{WHERE}: ValueError: no signal on HDMI 1"
    assert 'raise ValueError("no signal on HDMI 1")' in "".join(caught.value.__notes__)


def test_what_a_driver_prints_does_not_disturb(any_bench: Bench) -> None:
    any_bench.press("PRINT")

    assert any_bench.press("OK").value["key"] == "OK"


def _press(bench: Bench) -> Call:
    return Call("remote.press", "stb1", {"key": "OK"}, bench.token, 20.0)


def _lease_in_time(bench: Bench, seconds: float = 20.0) -> None:
    """Lease as a waiting test does: again and again."""
    end = time.monotonic() + seconds
    while True:
        try:
            bench.lease()
        except LeaseError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
