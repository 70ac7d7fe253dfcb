"""What befalls a desktop: an X server that is killed, hangs, is not there, or refuses; and what is left behind."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bench import Host, ended
from desktops import children, members, opened, pid_of, undisturbed
from until import until
from virtualpytest_host.controllers.desktop import Desktop
from virtualpytest_host.desktop.xvfb import Xvfb

from pytest_virtualpytest.exceptions import CaptureError, DeviceError, VirtualPytestError
from pytest_virtualpytest.gateway import Gateway
from pytest_virtualpytest.wire import Call, Reply

PATIENCE = 30.0  # seconds within which an error must have come
ACTIONS: list[Callable[[Desktop], object]] = [
    lambda desktop: desktop.press("OK"),
    lambda desktop: desktop.type("abc"),
    lambda desktop: desktop.click(5, 5, "left", 1),
    lambda desktop: desktop.windows(),
    lambda desktop: desktop.launch("xterm"),
]


@pytest.fixture(autouse=True)
def _undisturbed() -> Iterator[None]:
    with undisturbed():
        yield


@pytest.fixture
def server() -> Iterator[Xvfb]:
    """Give an X server of somebody else's."""
    with contextlib.closing(Xvfb("640x480")) as server:
        server.name()
        yield server


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def killed(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    until(lambda: ended(pid))


def complaint(action: Callable[[], object]) -> str:
    began = time.monotonic()
    with pytest.raises(DeviceError) as caught:
        action()
    assert time.monotonic() - began < PATIENCE
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize("action", ACTIONS)
def test_server_that_hangs_is_told_and_used_again(server: Xvfb, action: Callable[[Desktop], object]) -> None:
    with opened(server.name(), timeout=0.5) as desktop:
        with stopped(server.pid):
            message = complaint(lambda: action(desktop))
            again = complaint(lambda: action(desktop))

        assert message == again == f"display {server.name()}: no answer within 0.5 s; is its X server stopped?"
        until(lambda: action(desktop) or True)


@pytest.mark.parametrize("action", ACTIONS)
def test_server_that_was_killed_is_told_and_used_again(server: Xvfb, action: Callable[[Desktop], object]) -> None:
    with opened(name := server.name()) as desktop:
        killed(server.pid)

        message = complaint(lambda: action(desktop))
        assert message.startswith(f"display {name}: no X server (Connection refused); displays here: ")
        assert server.name() == name  # it is started again
        action(desktop)


def test_server_that_is_killed_during_a_call_is_told(server: Xvfb) -> None:
    with opened(server.name()) as desktop:
        threading.Timer(0.3, killed, [server.pid]).start()

        assert complaint(lambda: desktop.hold("A", 1.0)) == f"display {server.name()}: has ended"
        desktop.press("OK")


def test_key_that_was_down_when_its_server_hung_goes_up_later(server: Xvfb, tmp_path: Path) -> None:
    with opened(server.name(), timeout=0.5) as desktop:
        line = 'stty -echo -icanon; cat > "$1"'
        desktop.start("xterm", ["-e", "sh", "-c", line, "sh", str(tmp_path / "typed")])
        until((tmp_path / "typed").exists)
        with stopped(server.pid):
            complaint(lambda: desktop.press("A"))
        desktop.press("B")
        until(lambda: "b" in (tmp_path / "typed").read_text())
        desktop.press("C")
        until(lambda: "c" in (tmp_path / "typed").read_text())

        assert (tmp_path / "typed").read_text().rpartition("b")[2] == "c"


def test_display_of_its_own_is_started_again_under_its_number() -> None:
    with opened() as desktop:
        before, source = pid_of(desktop), desktop.stream()
        killed(before)

        desktop.launch("xterm")

        assert pid_of(desktop) != before
        assert desktop.stream() == source
        assert desktop.current() == "xterm"


def test_display_of_its_own_that_hangs_is_ended_all_the_same() -> None:
    with opened(timeout=0.5) as desktop:
        pid = pid_of(desktop)
        os.kill(pid, signal.SIGSTOP)

        assert "no answer within 0.5 s" in complaint(lambda: desktop.press("OK"))

    assert ended(pid)


@pytest.mark.parametrize(
    ("display", "message"),
    [
        (":9876", "display :9876: no X server (Connection refused); displays here: "),
        ("no-such-machine.invalid:0", "display no-such-machine.invalid:0: no X server ("),
        ("screen", "'screen' is no display; wanted one such as ':0', or 'virtual' for one of its own"),
        ("", "'' is no display"),
    ],
)
def test_wrong_display_is_told(display: str, message: str) -> None:
    assert complaint(Desktop(display).open).startswith(message)


def test_what_answers_and_is_no_x_server_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr("virtualpytest_host.xdisplay._PORT", listener.getsockname()[1])
        threading.Thread(target=_hang_up, args=(listener,), daemon=True).start()

        assert complaint(Desktop("127.0.0.1:0").open).startswith("display 127.0.0.1:0: ")


def _hang_up(listener: socket.socket) -> None:
    listener.accept()[0].close()


# python-xlib leaves the connection that was refused to the collector
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
def test_server_that_knows_us_not_is_told_and_one_with_a_cookie_is_used(tmp_path: Path) -> None:
    cookie, servers, ours = os.urandom(16), tmp_path / "servers", tmp_path / "ours"
    _write_cookie(servers, "0", cookie)  # a server takes whatever is in its file
    command = ["Xvfb", "-displayfd", "1", "-auth", str(servers), "-screen", "0", "640x480x24", "-noreset"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as guarded:
        try:
            assert guarded.stdout is not None
            number = guarded.stdout.readline().decode().strip()
            _write_cookie(ours, number, cookie)

            message = complaint(Desktop(f":{number}").open)
            gc.collect()  # here, where the warning is not minded
            assert message.startswith(f"display :{number}: ")
            assert message.endswith("set authority to the Xauthority file of who is logged in")
            with opened(f":{number}", authority=ours) as desktop:
                desktop.launch("xterm")
                assert desktop.facts()["resolution"] == "640x480"
        finally:
            guarded.terminate()


def _write_cookie(path: Path, number: str, cookie: bytes) -> None:
    """Write an Xauthority file with one MIT-MAGIC-COOKIE-1 of this machine."""
    parts = [os.uname().nodename.encode(), number.encode(), b"MIT-MAGIC-COOKIE-1", cookie]
    path.write_bytes(b"\x01\x00" + b"".join(len(part).to_bytes(2, "big") + part for part in parts))


def test_xvfb_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    message = complaint(Desktop("virtual").open)

    assert message == "display 'virtual' needs Xvfb: apt-get install xvfb (No such file or directory)"


def test_xvfb_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "Xvfb").write_text("#!/bin/sh\necho no room >&2\necho '(EE) I give up' >&2\nexit 1\n")
    (tmp_path / "Xvfb").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert complaint(Desktop("virtual").open) == "Xvfb did not start: (EE) I give up"


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """Give a gateway to this machine."""
    gateway = Gateway(Host())
    gateway.open()
    with contextlib.closing(gateway):
        yield gateway


def caller(gateway: Gateway, **settings: Any) -> Callable[..., Reply]:
    """Return what calls a leased desktop."""
    entry = {"name": "desktop", "controller": "desktop", "gives": None, "settings": {"display": "virtual", **settings}}
    gateway.attach({"name": "desk", "virtual": None, "controllers": [entry]})
    token = gateway.lease("desk", {"user": "ann"})

    def call(method: str, deadline: float = 60.0, **args: Any) -> Reply:
        return gateway.call(Call(method, "desk", args, token, deadline))

    return call


def test_killed_device_process_takes_display_and_programs_with_it(gateway: Gateway) -> None:
    call = caller(gateway)
    call("apps.launch", app="xterm", arguments=["-e", "sh", "-c", "sleep 1000; true"])
    until(lambda: children("sleep"))
    device, ours = call("describe").value["pid"], children("Xvfb") | children("xterm") | children("sleep")
    assert len(ours) == 3

    os.kill(device, signal.SIGKILL)

    until(lambda: all(map(ended, ours)))
    until(lambda: getattr(_answered(call, "apps.current"), "value", None) == "", 30)


def test_call_that_hangs_is_ended_at_its_deadline_and_the_next_one_works(gateway: Gateway, tmp_path: Path) -> None:
    call = caller(gateway)
    call("remote.press", key="OK")
    began = time.monotonic()

    with pytest.raises(DeviceError, match="did not end within its deadline of 1 s"):
        call("shell.run", deadline=1.0, command=f"echo $$ > {tmp_path}/pid; sleep 1000; true", seconds=2000)

    assert time.monotonic() - began < PATIENCE
    until(lambda: not members(int((tmp_path / "pid").read_text())))
    call("remote.press", key="OK")


def test_screen_of_a_server_that_died_is_a_fault_until_it_is_back(gateway: Gateway) -> None:
    call = caller(gateway)
    call("apps.launch", app="xterm")
    call("screen.wait_for", target={"kind": "frozen", "seconds": 1.0}, timeout=20.0)
    [server] = children("Xvfb")

    killed(server)

    with pytest.raises(CaptureError, match="no picture from :"):
        call("screen.wait_for", target={"kind": "motion"}, timeout=6.0)
    call("apps.launch", app="xterm")
    until(lambda: _answered(call, "screen.frame"), 30)


def _answered(call: Callable[..., Reply], method: str) -> Reply | None:
    """Return the answer, None if there is none yet."""
    try:
        return call(method)
    except VirtualPytestError:
        return None


def test_target_is_clicked_where_it_is_seen(gateway: Gateway, tmp_path: Path) -> None:
    call = caller(gateway)
    call("apps.launch", app="zenity", arguments=["--question", "--text=Well?", "--title=Well"])
    where = call("apps.wait_for_window", title="well", timeout=20).value["region"]
    yes = {"kind": "text", "text": "Yes", "region": where}

    call("pointer.click", place=yes, timeout=20.0, button="left", count=1)

    until(lambda: call("apps.windows").value == [])


def test_target_that_is_not_there_is_not_clicked(gateway: Gateway) -> None:
    call = caller(gateway)

    with pytest.raises(AssertionError, match=r"not seen within 0\.5 s"):
        call("pointer.click", place={"kind": "text", "text": "Yes"}, timeout=0.5, button="left", count=1)
    with pytest.raises(DeviceError, match="unknown button 'fourth'; buttons: left, middle, right"):
        call("pointer.click", place=[5, 5], timeout=0.5, button="fourth", count=1)
    with pytest.raises(AssertionError, match=r"no window 'Save' on screen within 0\.1 s; there are: none"):
        call("apps.wait_for_window", title="Save", timeout=0.1)
