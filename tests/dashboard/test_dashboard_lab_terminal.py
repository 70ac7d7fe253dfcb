"""A terminal on a device in somebody's hands: commands of its own shell, shown as they are and safely."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import labs
import pytest
import tabs
from browsing import ours
from starlette.testclient import TestClient
from tabs import SECONDS
from virtualpytest_dashboard.lab import terminal

from pytest_virtualpytest import config
from pytest_virtualpytest.exceptions import DeviceError

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytest.importorskip("adb_shell", reason="the phone's ADB wants virtualpytest[host]")
Act = Callable[..., Any]

LAB = '[devices.termphone]\nvirtual = "phone"\n'
EVIL = "printf '%s' '\x1b[31mred\a \u202egpj.exe <b>bold</b>\r\nnext'"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the lab file."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    """Give a client of a dashboard with --control."""
    with labs.client_of(folder, LAB, control=True) as client:
        labs.device(client, "termphone", "free")
        yield client


@pytest.fixture(scope="module")
def post(client: TestClient) -> Iterator[Act]:
    """Give a function that sends what a page does that has the phone in its hands, and never leaves it."""
    address, headers = "/api/devices/termphone/control", ours(client)
    client.app.state.lab.bench().control._away = 600.0  # type: ignore[attr-defined]
    hold = client.post(address, json={}, headers=headers).json()["hold"]
    yield lambda what, **body: client.post(f"{address}/{what}", json={"hold": hold, **body}, headers=headers)
    client.post(f"{address}/release", json={"hold": hold}, headers=headers)


@pytest.fixture(scope="module")
def run(post: Act) -> Act:
    """Give a function that runs a command and returns what the page is told."""
    return lambda command, **more: post("act", action={"do": "shell", "command": command, **more})


def test_command_runs_on_the_device_and_tells_output_complaints_and_status(run: Act) -> None:
    told = run("getprop ro.product.model; ls /none; exit 3").json()

    assert told["status"] == 3
    assert told["output"].strip()
    assert "/none" in told["errors"]


def test_line_is_the_devices_and_reaches_no_shell_here(run: Act, tmp_path: Path) -> None:
    here = tmp_path / "here"

    told = run(f"touch {here}; echo $(echo within) | cat").json()

    assert told["output"] == "within\n"
    assert not here.exists()


def test_what_a_device_prints_is_shown_as_signs_and_does_nothing(run: Act) -> None:
    assert run(EVIL).json()["output"] == "␛[31mred␇ <U+202E>gpj.exe <b>bold</b>\nnext"


def test_long_output_is_cut_in_its_middle_and_says_so(run: Act) -> None:
    long = f"export A={'x' * 100}; export B={'$A' * 10}; export C={'$B' * 10}"
    told = run(f"{long}; echo begin; {'echo $C; ' * 5}echo end").json()["output"]

    assert len(told) < terminal.LIMIT + 100
    assert told.startswith("begin\n")
    assert told.endswith("end\n")
    assert f"… {len('begin.end.') + 5 * 10_001 - terminal.LIMIT} letters are left out …" in told


def test_command_that_does_not_end_is_told_and_the_device_stays_in_hand(run: Act) -> None:
    late = run("sleep 60", seconds=1)

    assert late.status_code == 502
    assert "1 s" in late.json()["error"]
    assert run("echo there").json()["output"] == "there\n"


def test_command_that_goes_on_is_followed_and_ended(post: Act, run: Act) -> None:
    assert post("keep").json()["printed"] is None
    assert post("act", action={"do": "follow", "command": "logcat -v threadtime"}).status_code == 200

    run("log -t Terminal 'it is told'")
    labs.until(lambda: "it is told" in post("keep").json()["printed"]["output"], 20)
    assert post("keep").json()["printed"]["ended"] is False
    post("act", action={"do": "leave"})

    assert post("keep").json()["printed"] is None


def test_page_is_still_there_while_its_command_runs(client: TestClient, post: Act, run: Act) -> None:
    running = threading.Thread(target=lambda: run("sleep 2"))
    running.start()
    begun = time.monotonic()
    labs.until(lambda: post("keep").status_code == 200)
    took = time.monotonic() - begun
    running.join()

    assert took < 1.5


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ({"do": "shell", "command": ""}, "action.shell.command"),
        ({"do": "shell", "command": "x" * 2001}, "action.shell.command"),
        ({"do": "shell", "command": ["ls"]}, "action.shell.command"),
        ({"do": "shell", "command": "ls", "seconds": 1000}, "action.shell.seconds"),
        ({"do": "follow", "command": "ls", "on": "host"}, "action.follow.on"),
    ],
)
def test_what_is_no_command_is_refused_in_words(post: Act, action: Mapping[str, object], words: str) -> None:
    answer = post("act", action=action)

    assert answer.status_code == 422
    assert words in answer.json()["error"]


def test_command_wants_the_device_in_hand(client: TestClient) -> None:
    body = {"hold": "guessed", "action": {"do": "shell", "command": "id"}}

    assert client.post("/api/devices/termphone/control/act", json=body, headers=ours(client)).status_code == 409
    assert client.post("/api/devices/termphone/control/act", json=body).status_code == 403


def test_desktop_is_given_a_program_and_its_arguments_never_a_line(tmp_path: Path) -> None:
    real = '[devices.real]\nkind = "desktop"\n[devices.real.desktop]\ndisplay = ":7"\n'
    (tmp_path / "lab.toml").write_text(f'[devices.pc]\nvirtual = "desktop"\n{real}', encoding="utf-8")
    lab = config.load([tmp_path / "lab.toml"])

    for device in lab.devices.values():
        assert terminal.argument(device, "ls -l 'a b'; reboot") == ["ls", "-l", "a b;", "reboot"]
    with pytest.raises(DeviceError, match="no closing quotation"):
        terminal.argument(lab.devices["pc"], "echo 'x")
    with pytest.raises(DeviceError, match="names no program"):
        terminal.argument(lab.devices["pc"], "  ")


@tabs.NEEDED
def test_terminal_of_the_page(tmp_path: Path, tab: Page) -> None:
    expect = pytest.importorskip("playwright.sync_api").expect
    with labs.served(tmp_path, LAB.replace("term", "seen"), "--control") as address:
        tab.goto(f"{address}/lab/devices/seenphone")
        expect(tab.locator("h1 .badge")).to_contain_text("free", timeout=SECONDS)
        assert tab.is_disabled("[data-terminal] button")
        tab.click("[data-take]")
        expect(tab.locator("[data-said]")).to_have_text("It is yours.", timeout=SECONDS)
        field, log = tab.locator("[data-terminal] input"), tab.locator("[data-log]")

        for number, (command, status) in enumerate({EVIL: 0, "exit 4": 4, "nosuch": 127}.items()):
            field.fill(command)
            field.press("Enter")
            expect(log.locator("div").nth(number)).to_contain_text(f"exit status {status}", timeout=SECONDS)
        expect(log.locator("div").first).to_contain_text("␛[31mred␇ <U+202E>gpj.exe <b>bold</b>")
        assert log.locator("b").count() == 0

        field.press("ArrowUp")
        field.press("ArrowUp")
        assert field.input_value() == "exit 4"
        field.press("ArrowDown")
        field.press("ArrowDown")
        assert field.input_value() == ""

        field.fill("logcat")
        tab.click("[data-follow]")
        tab.click("[data-leave]", timeout=SECONDS)
        expect(log.locator("div").last).to_contain_text("ended", timeout=SECONDS)
        for scheme in ("light", "dark"):
            tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            tabs.fits(tab)
        tab.set_viewport_size({"width": 390, "height": 900})
        tabs.fits(tab)
