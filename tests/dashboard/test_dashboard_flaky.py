"""Tests whose verdicts are not steady, and the trend over runs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import client_of, links, plain, rows
from sqlalchemy import URL
from starlette.testclient import TestClient

BOTH_STORES = "soak"

DAY = 86_400_000
T = 1_790_000_000_000


def night(root: Path, day: int, **verdicts: str) -> None:
    """Write the run of *day*: each verdict may be several, one for each attempt, and name a device after ``@``."""
    folder = root / f"night-{day}"
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, said) in enumerate(verdicts.items()):
        for attempt, word in enumerate(said.split()):
            status, _, device = word.partition("@")
            start = T + day * DAY + number * 10_000 + attempt * 2000
            result = {"name": name, "fullName": f"tests.test_box#{name}", "status": status, "historyId": name,
                      "uuid": f"{day}-{number}-{attempt}", "start": start, "stop": start + 1000,
                      "labels": [{"name": "device", "value": device or "stb1"}]}  # fmt: skip
            (folder / f"{number}-{attempt}-result.json").write_text(json.dumps(result), encoding="utf-8")
    os.utime(folder, (T / 1000 + day * 86_400,) * 2)


@pytest.fixture
def nights(tmp_path: Path, database: URL | None) -> Iterator[TestClient]:
    """Give a client of four nights."""
    night(tmp_path, 0, steady="passed", broke="passed", wild="passed", retried="passed", moved="passed@stb1")
    night(tmp_path, 1, steady="passed", broke="passed", wild="failed", retried="passed", moved="failed@stb2")
    night(tmp_path, 2, steady="passed", broke="failed", wild="passed", retried="passed", moved="passed@stb1")
    night(tmp_path, 3, steady="passed", broke="failed", wild="failed", retried="failed passed", moved="failed@stb2")
    with client_of(tmp_path, database=database) as client:
        client.get("/")
        yield client


def _newest(client: TestClient, query: str = "") -> str:
    address = next(link for link in links(client.get("/").text, "/runs/") if "/night-3-" in link)
    return client.get(f"{address}{query}").text


def test_flaky_tests_are_those_that_change_twice_or_within_a_run_the_worst_first(nights: TestClient) -> None:
    page = nights.get("/flaky")

    names = re.findall(r'<tr><th scope="row"><a [^>]*>(\w+)</a>', page.text)
    assert names == ["moved", "wild", "retried"]
    assert "wild tests.test_box 75 % 3 of 4 0 3 2" in plain(page.text)
    assert "retried tests.test_box 25 % 1 of 4 1 0 0" in plain(page.text)


def test_test_that_depends_on_its_device_is_steady_on_each(nights: TestClient) -> None:
    page = nights.get("/flaky?by=device")

    assert re.findall(r'<tr><th scope="row"><a [^>]*>(\w+)</a>', page.text) == ["wild", "retried"]


def test_verdicts_of_a_flaky_test_lead_to_its_tests(nights: TestClient) -> None:
    strip = nights.get("/flaky").text.partition(">wild</a>")[2].partition("</tr>")[0]

    for address, verdict in zip(links(strip, "/tests/"), ("passed", "failed", "passed", "failed"), strict=True):
        assert f"{verdict} wild" in plain(nights.get(address).text)


def test_run_counts_its_flaky_tests_and_lists_them(nights: TestClient) -> None:
    page = _newest(nights)

    assert "3 flaky : bad or tried again, and unsteady in 4 runs" in plain(page)
    assert sorted(rows(_newest(nights, "?change=flaky"))) == ["moved", "retried", "wild"]


def test_flaky_is_told_anew_when_a_run_changes(nights: TestClient, tmp_path: Path) -> None:
    assert "3 flaky" in plain(_newest(nights))

    night(tmp_path, 3, steady="passed", broke="failed", wild="failed", retried="passed", moved="failed@stb2")
    (tmp_path / "night-3" / "3-1-result.json").unlink()

    assert "2 flaky" in plain(_newest(nights))


def test_other_device_of_the_same_run_is_no_other_attempt(tmp_path: Path) -> None:
    night(tmp_path, 0, both="passed")
    start = T + 500
    beside = {"name": "both", "fullName": "tests.test_box#both", "status": "failed", "historyId": "both", "uuid": "x",
              "start": start, "stop": start + 1000, "labels": [{"name": "device", "value": "stb2"}]}  # fmt: skip
    (tmp_path / "night-0" / "9-result.json").write_text(json.dumps(beside), encoding="utf-8")

    with client_of(tmp_path) as client:
        client.get("/")
        assert "No test is" in plain(client.get("/flaky").text)


def test_trend_has_the_runs_that_share_tests_and_leads_to_them(nights: TestClient, tmp_path: Path) -> None:
    night(tmp_path, 9, something_else="passed")
    other = tmp_path / "night-9" / "0-0-result.json"
    other.write_text(other.read_text().replace("tests.test_box#", "tests.test_phone#"), encoding="utf-8")
    os.utime(tmp_path / "night-9", (T / 1000 + 1,) * 2)  # between the first two
    nights.get("/")

    chart = _newest(nights).partition('class="chart runs-trend"')[2].partition("</div>")[0]

    titles = re.findall(r"<title>(night-\d), [^:]*:\d\d:\d\d: ([^<]*)</title>", chart)
    assert [title for title, _ in titles] == ["night-0", "night-1", "night-2", "night-3"]
    assert titles[3][1] == "3 failed, 2 passed, took 41.0 s"
    assert len(links(chart, "/runs/")) == 4


def test_single_run_has_no_trend(client: TestClient, folder: Path) -> None:
    night(folder.parent / "alone", 0, one="passed")
    (folder.parent / "alone" / "night-0" / "0-0-result.json").rename(folder / "0-result.json")

    assert "runs-trend" not in client.get("/").text
