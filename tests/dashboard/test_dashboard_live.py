"""An open page follows its run: what is written is told, and shown without a reload."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browsing import Write, client_of, run_page
from tabs import NEEDED, SECONDS

SERVE = """
import sys
from virtualpytest_dashboard import serve
serve.main(sys.argv[1:], port=0, ready=lambda address: print(address, flush=True))
"""


@contextmanager
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Give a dashboard of its own process, and the address of the one run."""
    command = [sys.executable, "-c", SERVE, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            with urllib.request.urlopen(process.stdout.readline().strip(), timeout=60) as answer:
                address = re.search(r'href="(http[^"]*/runs/[^"]*)"', answer.read().decode())
            assert address
            yield process, address[1]
        finally:
            process.kill()


def _told(events: Any) -> int:
    line = next(line for line in events if line.startswith(b"data: "))
    return int(line.removeprefix(b"data: "))


def test_each_result_that_is_written_is_told_as_a_new_version(folder: Path, write: Write) -> None:
    write("test_zap")

    with served(folder) as (_, run), urllib.request.urlopen(f"{run}/events", timeout=60) as events:
        first = _told(events)
        write("test_power")
        second = _told(events)

    assert events.headers["content-type"].startswith("text/event-stream")
    assert second > first


def test_ctrl_c_does_not_wait_for_pages_that_follow(folder: Path, write: Write) -> None:
    write("test_zap")

    with served(folder) as (process, run), urllib.request.urlopen(f"{run}/events", timeout=60) as events:
        _told(events)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)

    assert (process.returncode, output, errors) == (0, "", "")


@NEEDED
def test_result_is_on_the_open_page_and_what_was_typed_stays(folder: Path, write: Write, tab: Any) -> None:
    write("test_zap")

    with served(folder) as (_, run):
        tab.goto(run)
        tab.get_by_label("Search").press_sequentially("half a wo")
        write("test_power", "failed", statusDetails={"message": "<img src=x onerror=alert(1)>"})
        tab.get_by_role("link", name="test_power", exact=True).wait_for(timeout=SECONDS)
        tab.keyboard.type("rd")

        assert tab.get_by_label("Search").input_value() == "half a word"
        assert tab.get_by_text("<img src=x onerror=alert(1)>").is_visible()
        assert tab.get_by_text("1 of 2 tests to look at").is_visible()
        tab.goto("about:blank")  # before the dashboard goes, which would be told on the console


def test_only_own_scripts_may_run_on_the_page_of_a_run(folder: Path, write: Write) -> None:
    write("test_zap")

    with client_of(folder) as client:
        page = run_page(client)
        address = re.search(r'href="http://127.0.0.1(/runs/[^"]*)"', client.get("/").text)
        assert address
        policy = client.get(address[1]).headers["content-security-policy"]

    assert "script-src 'self'; connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert re.findall(r"<script[^>]*>", page) == ['<script type="module" src="http://127.0.0.1/static/live.js">']


def test_events_of_a_run_that_is_not_there_are_not_found(folder: Path, write: Write) -> None:
    write("test_zap")

    with client_of(folder) as client:
        assert client.get("/runs/nope/events").status_code == 404
