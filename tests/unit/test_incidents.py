"""Incidents as they are kept: found again, within a quota and an age."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from virtualpytest_host import incidents
from virtualpytest_host.incidents import Keeper

from pytest_virtualpytest.exceptions import DeviceError, VirtualPytestError
from pytest_virtualpytest.incident import Incident

NOW = time.time()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a state folder of one's own; return that of the device."""
    monkeypatch.setenv("VPT_STATE", str(tmp_path))
    return tmp_path / "incidents" / "stb1"


@pytest.fixture
def keeper(folder: Path) -> Iterator[Keeper]:
    """Give the keeper of a device."""
    with Keeper("stb1", quota=10_000, days=1) as keeper:
        assert folder.is_dir()
        yield keeper


def _one(number: int, begin: float = NOW) -> Incident:
    return Incident(f"{number}-black", "stb1", "black", begin, 0.5, picture=True)


def _ids() -> list[str]:
    return [one["id"] for one in incidents.listing("stb1")["incidents"]]


def test_an_incident_that_is_over_is_told_once(keeper: Keeper) -> None:
    keeper.keep(_one(1))
    keeper.keep(replace(_one(1), state="over", end=NOW + 5, end_error=0.5))

    (told,) = incidents.listing()["incidents"]

    assert (told["state"], told["end"], told["begin_error"]) == ("over", NOW + 5, 0.5)
    assert incidents.listing("stb1", since=NOW + 6)["incidents"] == []


def test_the_newest_is_told_first_and_no_more_than_asked(keeper: Keeper) -> None:
    for number in range(4):
        keeper.keep(_one(number, NOW + number))

    assert [one["id"] for one in incidents.listing("stb1", most=2)["incidents"]] == ["3-black", "2-black"]


def test_the_picture_is_kept(keeper: Keeper) -> None:
    keeper.keep(_one(1), b"\x89PNG...")

    assert bytes(incidents.picture("stb1", "1-black").blobs[0]) == b"\x89PNG..."


def test_the_oldest_go_where_they_take_too_much(keeper: Keeper, folder: Path) -> None:
    for number in range(6):
        keeper.keep(_one(number, NOW + number), bytes(3000))

    assert _ids() == ["5-black", "4-black"]
    assert sorted(path.name for path in folder.glob("*.png")) == ["4-black.png", "5-black.png"]


def test_what_is_too_old_goes_unless_it_goes_on(keeper: Keeper) -> None:
    keeper.keep(_one(1, NOW - 90_000))
    keeper.keep(replace(_one(2, NOW - 90_000), state="over", end=NOW - 89_000))
    keeper.keep(_one(3))

    assert _ids() == ["3-black", "1-black"]


def test_what_a_killed_watcher_left_open_is_unseen() -> None:
    first = Keeper("stb1")
    first.keep(_one(1))
    first.close()  # as the kernel does, without another line

    with Keeper("stb1"):
        assert [one["state"] for one in incidents.listing("stb1")["incidents"]] == ["unseen"]


def test_a_line_that_was_cut_is_left_out(keeper: Keeper, folder: Path) -> None:
    keeper.keep(_one(1))
    with (folder / "incidents.jsonl").open("a") as file:
        file.write('{"id": "2-bl\n')
    keeper.keep(_one(3, NOW + 1))

    assert _ids() == ["3-black", "1-black"]


def test_what_another_version_tells_besides_is_left_out(keeper: Keeper, folder: Path) -> None:
    with (folder / "incidents.jsonl").open("a") as file:
        file.write(json.dumps(_one(1).to_wire() | {"colour": "blue"}) + "\n")

    assert _ids() == ["1-black"]


@pytest.mark.parametrize("line", ["[]", "7", '"1-black"', "{}", "null"])
def test_a_line_that_is_no_incident_is_left_out(keeper: Keeper, folder: Path, line: str) -> None:
    with (folder / "incidents.jsonl").open("a") as file:
        file.write(f"{line}\n")

    assert _ids() == []


def test_a_device_is_watched_once(keeper: Keeper) -> None:
    keeper.keep(_one(1))

    assert incidents.listing()["watched"] == ["stb1"]
    with pytest.raises(VirtualPytestError, match=r"process \d+ watches it already"):
        Keeper("stb1")


@pytest.mark.parametrize("name", ["2-black", "../stb1/1-black", "", "incidents.jsonl", "1-black.png"])
def test_no_other_file_is_given(keeper: Keeper, name: str) -> None:
    keeper.keep(_one(1), b"png")

    with pytest.raises(DeviceError, match="no picture of incident"):
        incidents.picture("stb1", name)


@pytest.mark.parametrize("device", ["..", ".", "a/b", "../../etc"])
def test_a_devices_name_leads_nowhere_else(device: str, tmp_path: Path) -> None:
    with Keeper(device):
        pass

    (folder,) = (tmp_path / "incidents").iterdir()
    assert folder.is_dir()
    assert not (tmp_path / "incidents.jsonl").exists()
    assert incidents.listing()["watched"] == []
