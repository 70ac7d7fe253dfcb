"""A run held against the one before it, failures of one sort, and a test through all runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import client_of, links, plain, rows
from sqlalchemy import URL
from starlette.testclient import TestClient
from virtualpytest_dashboard import fingerprints

BOTH_STORES = True

DAY = 86_400_000
HOSTILE = '<script>alert("x")</script>'


def written(folder: Path, day: int, **verdicts: Any) -> Path:
    """Write a run of *day* with these tests; a verdict may be a pair of it and its message."""
    folder.mkdir(parents=True)
    for number, (name, said) in enumerate(verdicts.items()):
        status, message = said if isinstance(said, tuple) else (said, "")
        start = 1_790_000_000_000 + day * DAY + number * 1000
        result = {
            "name": name, "status": status, "uuid": f"{folder.name}-{number}", "historyId": f"{day}-{name}",
            "fullName": f"tests.test_box#{name.partition('[')[0]}", "start": start, "stop": start + 500,
            "statusDetails": {"message": message}, "labels": [{"name": "device", "value": f"stb{number % 2 + 1}"}],
        }  # fmt: skip
        (folder / f"{number:04d}-result.json").write_text(json.dumps(result), encoding="utf-8")
    os.utime(folder, (1_790_000_000 + day * 86_400,) * 2)
    return folder


@pytest.fixture
def two(tmp_path: Path, database: URL | None) -> Iterator[TestClient]:
    """Give a client of two runs of a day each, and of one of something else between them."""
    written(tmp_path / "monday", 0, kept="passed", broke="passed", mended="failed", bad="failed", gone="passed")
    other = written(tmp_path / "monday-phones", 1)
    (other / "0000-result.json").write_text(json.dumps({
        "name": "test_phone", "fullName": "tests.test_phone#test_phone", "status": "failed", "uuid": "p",
        "historyId": "p", "start": 1_790_000_000_000 + DAY, "stop": 1_790_000_000_100 + DAY,
    }))  # fmt: skip
    os.utime(other, (1_790_086_400,) * 2)
    written(tmp_path / "tuesday", 2, kept="passed", broke="failed", mended="passed", bad="failed", fresh="passed")
    with client_of(tmp_path, database=database) as client:
        yield client


def run_page(client: TestClient, title: str, query: str = "") -> str:
    index = client.get("/").text
    address = next(link for link in links(index, "/runs/") if f"/{title}-" in link and "phones" not in link)
    return client.get(address + query).text


def test_run_says_what_changed_since_the_one_before_it_that_has_its_tests(two: TestClient) -> None:
    page = plain(run_page(two, "tuesday"))

    assert "Since monday 20" in page
    assert "1 new failure , 1 fixed , 1 still failing , 1 new test" in page


@pytest.mark.parametrize(
    ("word", "names"), [("new", ["broke"]), ("fixed", ["mended"]), ("still", ["bad"]), ("added", ["fresh"])]
)
def test_each_change_is_a_list_of_its_tests(two: TestClient, word: str, names: list[str]) -> None:
    assert rows(run_page(two, "tuesday", f"?change={word}")) == names


def test_first_run_is_held_against_none(two: TestClient) -> None:
    assert "Since" not in run_page(two, "monday")
    assert len(rows(run_page(two, "monday", "?change=new"))) == 5  # a question that has no answer leaves nothing out
    assert len(rows(run_page(two, "tuesday", "?change=other"))) == 5


def test_comparison_follows_a_result_that_comes_later(two: TestClient, tmp_path: Path) -> None:
    run_page(two, "tuesday")
    result = json.loads((tmp_path / "tuesday" / "0000-result.json").read_text())
    late = {**result, "name": "gone", "fullName": "tests.test_box#gone", "uuid": "late", "historyId": "late"}
    (tmp_path / "tuesday" / "late-result.json").write_text(json.dumps({**late, "status": "broken"}))

    assert "2 new failures" in plain(run_page(two, "tuesday"))


def test_test_shows_how_it_fared_in_every_run(two: TestClient) -> None:
    page = run_page(two, "tuesday")
    address = next(link for link in links(page, "/tests/") if link.endswith("tuesday-1"))

    shown = plain(two.get(address).text)

    assert "In other runs passed 1 of 2" in shown
    assert shown.index("tuesday") < shown.rindex("monday")


def test_same_test_on_other_devices_is_beside_it(tmp_path: Path, database: URL | None) -> None:
    written(tmp_path / "night", 0, **{"zap[stb1]": "passed", "zap[stb2]": "failed", "other": "passed"})
    with client_of(tmp_path / "night", database=database) as client:
        page = client.get(links(client.get("/").text, "/runs/")[0]).text
        shown = plain(client.get(next(link for link in links(page, "/tests/") if link.endswith("night-0"))).text)

    assert "The same test in this run" in shown
    assert "✕ failed zap[stb2] stb2" in shown


def test_failures_of_one_sort_are_one_line_whatever_the_device_and_the_numbers(
    tmp_path: Path, database: URL | None
) -> None:
    told = "pytest_virtualpytest.exceptions.NotSeen: banner.png not seen within {} s (device 'stb{}')"
    written(
        tmp_path / "night", 0, one=("failed", told.format(3, 1)), two=("failed", told.format(5.5, 2)),
        three=("broken", "ZeroDivisionError: division by zero"), four=("failed", HOSTILE), five="passed",
    )  # fmt: skip
    with client_of(tmp_path / "night", database=database) as client:
        page = client.get(links(client.get("/").text, "/runs/")[0]).text
        [sort, *_] = links(page, "alike=")
        listed = client.get(client.get("/").url.join(links(client.get("/").text, "/runs/")[0] + sort)).text

    assert "2 product NotSeen: banner.png not seen within 3 s (device 'stb1') 2" in plain(page)
    assert sorted(rows(listed)) == ["one", "two"]
    assert HOSTILE not in page


def test_what_is_alike_has_no_numbers_addresses_or_names() -> None:
    first = fingerprints.of("a.b.DeviceError: device 'stb1' at 0x7f12ab: no answer in 3.5 s\ntrace 1", "stb1", "rack-1")
    other = fingerprints.of("DeviceError: device 'stb12' at 0x11: no answer in 12 s\ntrace 2", "stb12", "rack-2")

    assert first == other == "DeviceError: device '*' at #: no answer in # s"
    assert fingerprints.of("") == ""
    assert fingerprints.of("\n  \nassert 3 < 2") == "assert # < #"
    assert len(fingerprints.of("x" * 5000)) == 160
