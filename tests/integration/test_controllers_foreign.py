"""Roku's protocol with programs that nobody here wrote: a client of our box, a server of our controller."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from boxes import Bench, running
from peer import free_port
from until import until
from virtualpytest_host.controllers.ecp import Ecp

rokuecp = pytest.importorskip("rokuecp")
pytest.importorskip("emulated_roku")

_SERVER = Path(__file__).parents[1] / "foreign_roku.py"


@pytest.fixture(scope="module")
def box() -> Iterator[Bench]:
    """Give a box."""
    with running("foreign") as bench:
        yield bench


@pytest.fixture
def roku() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Give a foreign Roku: its address, and its process, which prints the keys."""
    port = free_port()
    command = [sys.executable, str(_SERVER), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield f"http://127.0.0.1:{port}", process
        process.kill()


def test_foreign_client_reads_and_drives_the_box(box: Bench) -> None:
    box.rest()

    device = asyncio.run(drive(box.port("keys")))

    assert (device.info.name, device.info.brand, device.info.model_name) == ("foreign", "virtualpytest", "Virtual STB")
    assert [app.name for app in device.apps] == ["Films"]
    assert device.state.standby is False
    assert [event["key"] for event in box.events("key")[-6:]] == ["Home", "VolumeUp", "Lit_a", "Lit_é", "Lit_/", "Back"]
    until(lambda: box.shown() == "live:0")


def test_our_remote_drives_a_foreign_roku(roku: tuple[str, subprocess.Popen[str]]) -> None:
    url, process = roku
    remote = Ecp(url)
    with contextlib.closing(remote):
        remote.open()

        remote.press("HOME")
        remote.press("OK")
        remote.hold("DOWN", 0.05)
        remote.type("é/€ ?")

    lines = [next(iter(process.stdout or ())) for _ in range(9)]
    assert [line.rstrip("\n") for line in lines] == [
        "press Home", "press Select", "down Down", "up Down",
        "press Lit_é", "press Lit_/", "press Lit_€", "press Lit_ ", "press Lit_?",
    ]  # fmt: skip


async def drive(port: int) -> Any:
    """Ask the box who it is, and press some keys."""
    async with rokuecp.Roku("127.0.0.1", port=port) as client:
        device = await client.update(full_update=True)
        await client.remote("home")
        await client.remote("volume_up")
        await client.literal("aé/")
        await client.remote("back")
        return device
