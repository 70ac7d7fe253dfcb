"""The server itself: a real process, a real port, and what is said when it cannot be."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browsing import Write
from virtualpytest_dashboard import serve

from pytest_virtualpytest.exceptions import ConfigError

NOBODY = 65534
SERVE = """
import sys
from virtualpytest_dashboard import serve
folder, host, *names = sys.argv[1:]
ready = lambda address: print(address, flush=True)
serve.main([folder], host, port=0, ready=ready, names=names, users=host != "127.0.0.1")
"""


@contextmanager
def _served(folder: Path, host: str = "127.0.0.1", *names: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-c", SERVE, str(folder), host, *names]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_it_answers_at_the_address_that_it_tells_and_ends_quietly_at_ctrl_c(folder: Path, write: Write) -> None:
    write("test_zap")

    with _served(folder) as (process, address):
        with urllib.request.urlopen(address, timeout=30) as answer:
            page = answer.read().decode()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
    assert "night" in page
    assert process.returncode == 0
    assert (output, errors) == ("", "")


def test_ctrl_c_does_not_wait_for_a_clip_that_is_being_watched(folder: Path, write: Write) -> None:
    write("test_zap")
    with (folder / "a.mp4").open("wb") as clip:
        clip.truncate(1 << 30)

    with _served(folder) as (process, address):
        host, port = address.removeprefix("http://").rstrip("/").split(":")
        with urllib.request.urlopen(address, timeout=30) as answer:
            run = re.search(r"/runs/[^\"]+", answer.read().decode())
        assert run
        with socket.create_connection((host, int(port)), timeout=30) as watcher:
            watcher.sendall(f"GET {run[0]}/attachments/a.mp4 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert b"200 OK" in watcher.recv(4096)
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=30)

    assert process.returncode == 0
    assert (output, errors) == ("", "")


def test_it_listens_on_loopback_only(folder: Path, write: Write) -> None:
    write("test_zap")

    with _served(folder) as (process, address):
        port = int(address.rstrip("/").rpartition(":")[2])
        table = Path(f"/proc/{process.pid}/net/tcp").read_text(encoding="ascii")

    assert f"0100007F:{port:04X}" in table
    assert f"00000000:{port:04X}" not in table


def test_served_on_loopback_it_refuses_a_foreign_host_name(folder: Path, write: Write) -> None:
    write("test_zap")

    with _served(folder) as (_, address):
        asked = urllib.request.Request(address, headers={"Host": "evil.example"})

        with pytest.raises(urllib.error.HTTPError, match="400") as raised:
            urllib.request.urlopen(asked, timeout=30)
        raised.value.close()


@pytest.mark.parametrize(
    ("name", "code"),
    [("evil.example", 400), ("results.example", 200), (socket.gethostname(), 200), ("127.0.0.1", 200)],
)
def test_served_everywhere_it_answers_to_its_own_names_and_those_allowed(
    folder: Path, write: Write, name: str, code: int
) -> None:
    write("test_zap")

    with _served(folder, "0.0.0.0", "results.example") as (_, address):
        port = address.rstrip("/").rpartition(":")[2]
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": name})
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                got = answer.status
        except urllib.error.HTTPError as error:
            got = error.code
            error.close()

    assert got == code


@pytest.mark.parametrize("host", ["0.0.0.0", ""])
def test_others_than_this_machine_have_to_sign_in(folder: Path, write: Write, host: str) -> None:
    write("test_zap")

    with pytest.raises(ConfigError, match=r"anybody could look: add --users, so that people sign in, or serve on"):
        serve.main([str(folder)], host=host, port=0)


def test_first_admin_is_told_where_to_begin_once_there_shall_be_users(folder: Path, write: Write) -> None:
    write("test_zap")

    with _served(folder, "0.0.0.0") as (process, _):
        assert process.stdout
        said = process.stdout.readline().strip()
        begin = re.search(r"to begin, once, within a day: http://0\.0\.0\.0:(\d+)(/first/[\w-]{43})$", said)
        assert begin, said
        local = f"http://127.0.0.1:{begin[1]}"
        with urllib.request.urlopen(local + begin[2], timeout=30) as answer:
            page = answer.read().decode()
        form = {"name": "root", "password": "correct horse", "again": "correct horse"}
        sent = urllib.request.Request(local + begin[2], urllib.parse.urlencode(form).encode(), {"Origin": local})
        with pytest.raises(urllib.error.HTTPError, match="401") as raised:  # signed in: but urllib keeps no cookies
            urllib.request.urlopen(sent, timeout=30)
        raised.value.close()
    with _served(folder, "0.0.0.0") as (process, _):
        process.send_signal(signal.SIGINT)
        again = process.communicate(timeout=30)

    assert "The first admin" in page
    assert again == ("", "")


def test_command_serves_until_ctrl_c(folder: Path, write: Write) -> None:
    write("test_zap")
    command = [sys.executable, "-m", "pytest_virtualpytest.cli", "dashboard", str(folder), "--port", "0"]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        with urllib.request.urlopen(process.stdout.readline().strip(), timeout=30) as answer:
            page = answer.read().decode()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)

    assert "night" in page
    assert (process.returncode, output, errors) == (130, "", "")


def test_command_refuses_a_folder_without_results(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest_virtualpytest.cli", "dashboard", str(tmp_path)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 4
    assert done.stderr == f"{tmp_path}: no Allure results in it; pytest writes them: pytest --alluredir={tmp_path}\n"


def test_port_that_is_taken_is_told(folder: Path, write: Write) -> None:
    write()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(ConfigError) as raised:
            serve.main([str(folder)], port=port)

    assert str(raised.value) == (
        f"the dashboard: port {port} on 127.0.0.1 is taken; choose another, or 0 for any free one"
    )


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [
        ("127.0.0.1", 70000, "the dashboard: 70000 is no port; ports go from 0 (any free one) to 65535"),
        ("192.0.2.1", 0, "the dashboard: cannot serve on 192.0.2.1 port 0: Cannot assign requested address"),
        ("no.such.invalid", 0, "the dashboard: no machine 'no.such.invalid' to serve on"),
    ],
)
def test_address_that_cannot_be_is_told(folder: Path, write: Write, host: str, port: int, message: str) -> None:
    write()

    with pytest.raises(ConfigError) as raised:
        serve.main([str(folder)], host=host, port=port)

    assert str(raised.value) == message


def test_folders_that_cannot_be_shown_are_told_all_at_once(tmp_path: Path) -> None:
    empty, file = tmp_path / "empty", tmp_path / "file"
    empty.mkdir()
    file.touch()

    with pytest.raises(ConfigError) as raised:
        serve.main([str(tmp_path / "none"), str(empty), str(file)], port=0)

    assert raised.value.problems == (
        f"{tmp_path}/none: no such folder; pytest makes it: pytest --alluredir={tmp_path}/none",
        f"{empty}: no Allure results in it; pytest writes them: pytest --alluredir={empty}",
        f"{file}: not a folder of Allure results but a file",
    )


def test_no_folder_at_all_is_told() -> None:
    with pytest.raises(ConfigError) as raised:
        serve.main([])

    assert str(raised.value) == "the dashboard needs a folder of Allure results: virtualpytest dashboard FOLDER"


@pytest.fixture
def closed() -> Iterator[Path]:
    """Return a folder that this account may not read; root may read everything, so it is nobody meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        above, user = Path(name), os.geteuid()
        above.chmod(0o711)
        folder = above / "results"
        folder.mkdir(mode=0)
        os.seteuid(user or NOBODY)
        try:
            yield folder
        finally:
            os.seteuid(user)
            folder.chmod(0o700)


def test_folder_that_may_not_be_read_is_told(closed: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        serve.main([str(closed)])

    assert str(raised.value) == f"{closed}: may not be read by this account"


@pytest.mark.parametrize("package", ["argon2", "starlette", "jinja2", "uvicorn"])
def test_without_its_extra_the_dashboard_says_how_to_get_it(folder: Path, write: Write, package: str) -> None:
    write()
    code = f"""
import sys
sys.modules[{package!r}] = None
from pytest_virtualpytest.exceptions import VirtualPytestError
from virtualpytest_dashboard import serve
try:
    serve.main([{str(folder)!r}], port=0)
except VirtualPytestError as error:
    print(error)
"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout == "the dashboard needs virtualpytest[dashboard]: pip install 'virtualpytest[dashboard]'\n"
