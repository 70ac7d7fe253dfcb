"""The client's end: calls, threads, forks, and the end of a gateway."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bench import INSTALLED, Bench, Host, ended
from stopping import stop
from until import until, until_busy

from pytest_virtualpytest import gateway as gateways_module
from pytest_virtualpytest.exceptions import DeviceError, HostError, VirtualPytestError
from pytest_virtualpytest.gateway import Gateway, Gateways
from pytest_virtualpytest.wire import Call, Reply

WHERE = "device 'stb1' on host 'rack1'"


def test_agent_of_the_protocol_before_is_served() -> None:
    other = Path(__file__).parent.parent / "other_version"
    old = Gateway(Host(python=f"env PYTHONPATH={other} THEIR_PROTOCOL=1 {sys.executable}"))
    old.open()

    with contextlib.closing(old):
        reply = old.call(Call("remote.press", "stb1", {"key": "UP"}))

    assert old.protocol == 1
    assert reply == Reply({"key": "UP"}, [])


CLIENT = """
import sys
from bench import Host
from pytest_virtualpytest.gateway import Gateways
print(Gateways({"rack1": Host()}).of("rack1").facts["pid"], flush=True)
sys.stdin.read()
"""


def test_stopped_agent_of_a_killed_client_ends() -> None:
    path = os.pathsep.join([str(INSTALLED.parent), *filter(None, sys.path)])
    command, pipe = [sys.executable, "-c", CLIENT], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=os.environ | {"PYTHONPATH": path}) as client:
        assert client.stdout is not None
        agent = int(client.stdout.readline())
        stop(agent)
        client.kill()

        until(lambda: ended(agent))


def test_interrupted_call_is_cancelled_on_the_host(bench: Bench) -> None:
    before = bench.pid()
    threading.Thread(target=_interrupt_when_busy, args=(bench,)).start()

    with pytest.raises(KeyboardInterrupt):
        bench.press("HANG", deadline=60)

    assert bench.press("OK").value["key"] == "OK"
    assert bench.pid() != before


def test_agent_ends_with_its_client_whatever_hangs(bench: Bench) -> None:
    agent, device = bench.gateway.facts["pid"], bench.pid()
    hanging = threading.Thread(target=_hang_quietly, args=(bench,))
    hanging.start()
    until_busy(bench)
    begin = time.monotonic()

    bench.gateways.close()

    assert time.monotonic() - begin < 2
    until(lambda: ended(agent) and ended(device))
    hanging.join(10)


def test_closing_a_stopped_host_takes_two_seconds_at_most(bench: Bench) -> None:
    agent = bench.gateway.facts["pid"]
    stop(agent)
    begin = time.monotonic()

    bench.gateways.close()

    assert time.monotonic() - begin < 4
    until(lambda: ended(agent))


def test_unknown_host(local_gateways: Gateways) -> None:
    with pytest.raises(DeviceError, match=r"no host 'rack9'; known: rack1"):
        local_gateways.of("rack9")


def test_threads_share_a_gateway(bench: Bench) -> None:
    keys: list[str] = []
    threads = [threading.Thread(target=lambda key=str(n): keys.append(bench.press(key).value["key"])) for n in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(keys) == [str(n) for n in range(8)]


def test_forked_process_opens_gateways_of_its_own(local_gateways: Gateways) -> None:
    mine = local_gateways.of("rack1").facts["pid"]
    theirs = _in_fork(lambda: local_gateways.of("rack1").facts["pid"])

    assert theirs != mine
    assert local_gateways.of("rack1").facts["pid"] == mine
    assert local_gateways.of("rack1").call(Call("health")).value["machine"]


def test_silent_host_is_given_up_while_idle(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateways_module, "BEAT", 0.1)
    monkeypatch.setattr(gateways_module, "SILENCE", 0.5)
    gateway = Gateway(Host())
    gateway.open()

    with contextlib.closing(gateway):
        stop(gateway.facts["pid"])
        until(lambda: not gateway.alive)

        with pytest.raises(HostError) as caught:
            gateway.call(Call("health"))

    assert str(caught.value) == "host 'rack1' was lost during health: nothing was heard from it for 0.5 s"


def test_interpreter_ends_although_a_gateway_is_open() -> None:
    program = (
        "from bench import Host\nfrom pytest_virtualpytest.gateway import Gateway\n"
        "g = Gateway(Host())\ng.open()\nprint(g.facts['pid'])\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(INSTALLED.parent), *sys.path])}
    command = [sys.executable, "-c", program]

    done = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=20)

    until(lambda: ended(int(done.stdout)))


def _hang_quietly(bench: Bench) -> None:
    with contextlib.suppress(VirtualPytestError):
        bench.press("HANG")


def _interrupt_when_busy(bench: Bench) -> None:
    until_busy(bench)
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGINT)


def _in_fork(action: Callable[[], int]) -> int:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writing, str(action()).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    os.waitpid(pid, 0)
    return int(text)
