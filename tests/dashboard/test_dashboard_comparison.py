"""One run against any other that was chosen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import client_of, links, plain
from sqlalchemy import URL
from starlette.testclient import TestClient
from virtualpytest_dashboard.journal import FILE

BOTH_STORES = "soak"

T = 1_790_000_000_000
DAY = 86_400_000


def run(folder: Path, day: int, tests: dict[str, Any], zap: float) -> None:
    """Write a run of *tests*: each has a verdict and how many milliseconds it took; each measured *zap*."""
    folder.mkdir()
    events: list[object] = [{"kind": "run", "time": (T + day * DAY) / 1000}]
    for number, (name, (status, took)) in enumerate(tests.items()):
        start = T + day * DAY + number * 60_000
        result = {"name": name, "fullName": f"tests.test_box#{name}", "status": status, "historyId": name,
                  "uuid": f"{folder.name}-{number}", "start": start, "stop": start + took,
                  "labels": [{"name": "device", "value": "stb1"}]}  # fmt: skip
        (folder / f"{number}-result.json").write_text(json.dumps(result), encoding="utf-8")
        figure = {"name": "zap", "value": zap + number / 1000, "unit": "s", "maximum": 2.0}
        events.append({"kind": "verdict", "test": f"tests/test_box.py::{name}", "time": (start + took) / 1000,
                       "data": {"measurements": [figure]}})  # fmt: skip
    events.append({"kind": "end", "time": (T + day * DAY) / 1000 + 3600})
    (folder / FILE).write_text("".join(f"{json.dumps(event)}\n" for event in events), encoding="utf-8")


@pytest.fixture
def runs(tmp_path: Path, database: URL | None) -> Iterator[tuple[TestClient, str, str]]:
    """Give a client of two runs, and the addresses of the later and the earlier one."""
    run(tmp_path / "old", 0, {"broke": ("passed", 900), "mended": ("failed", 900), "bad": ("failed", 900),
                              "slow": ("passed", 2000), "fast": ("passed", 4000), "gone": ("passed", 900),
                              "even": ("passed", 1000)}, 1.0)  # fmt: skip
    run(tmp_path / "new", 1, {"broke": ("failed", 900), "mended": ("passed", 900), "bad": ("broken", 900),
                              "slow": ("passed", 3000), "fast": ("passed", 1000), "fresh": ("passed", 900),
                              "even": ("passed", 1400)}, 2.5)  # fmt: skip
    with client_of(tmp_path, database=database) as client:
        new, old = (next(link for link in links(client.get("/").text, "/runs/") if f"/{name}-" in link)
                    for name in ("new", "old"))  # fmt: skip
        yield client, new, old


def _sort(page: str, word: str) -> list[str]:
    section = page.partition(f'<section aria-labelledby="{word}">')[2].partition("</section>")[0]
    return re.findall(r'<th scope="row"><a [^>]*>(\w+)</a>', section)


def test_each_sort_of_change_is_listed(runs: tuple[TestClient, str, str]) -> None:
    client, new, old = runs

    page = client.get(f"{new}/compare?with={old.rpartition('/')[2]}").text

    found = {word: _sort(page, word) for word in ("new", "fixed", "still", "added", "removed", "slower", "faster")}
    assert found == {"new": ["broke"], "fixed": ["mended"], "still": ["bad"], "added": ["fresh"], "removed": ["gone"],
                     "slower": ["slow"], "faster": ["fast"]}  # fmt: skip


def test_earlier_run_can_be_held_against_a_later_one(runs: tuple[TestClient, str, str]) -> None:
    client, new, old = runs

    page = client.get(f"{old}/compare?with={new.rpartition('/')[2]}").text

    assert [_sort(page, word) for word in ("new", "fixed", "added", "removed")] == [["mended"], ["broke"], ["gone"],
                                                                                  ["fresh"]]  # fmt: skip


def test_without_a_choice_it_is_the_run_before(runs: tuple[TestClient, str, str]) -> None:
    client, new, _ = runs

    page = plain(client.get(f"{new}/compare").text.partition("<h1>")[2])

    assert page.startswith("new against old Against")


def test_how_much_slower_counts_is_said_in_the_address(runs: tuple[TestClient, str, str]) -> None:
    client, new, _ = runs

    assert _sort(client.get(f"{new}/compare?slower=60").text, "slower") == []
    assert _sort(client.get(f"{new}/compare?slower=1").text, "slower") == ["slow"]  # 400 ms are nothing to tell
    assert _sort(client.get(f"{new}/compare?slower=x").text, "slower") == ["slow"]


def test_measurements_are_compared(runs: tuple[TestClient, str, str]) -> None:
    client, new, _ = runs

    assert "zap 7 2.503 s 1.003 +150 % 2.506 s 1.006 7 0" in plain(client.get(f"{new}/compare").text)


def test_test_that_was_removed_leads_to_the_other_run(runs: tuple[TestClient, str, str]) -> None:
    client, new, _ = runs

    section = client.get(f"{new}/compare").text.partition('<section aria-labelledby="removed">')[2]

    assert "gone" in plain(client.get(links(section, "/tests/")[0]).text)


def test_run_that_there_is_not_is_told(runs: tuple[TestClient, str, str]) -> None:
    client, new, _ = runs

    answer = client.get(f"{new}/compare?with=nothing")

    assert answer.status_code == 404
    assert "There is no run 'nothing' to compare with" in plain(answer.text)


def test_run_that_shares_no_test_offers_the_others(runs: tuple[TestClient, str, str], tmp_path: Path) -> None:
    client, *_ = runs
    run(tmp_path / "other", 2, {}, 0)
    (tmp_path / "other" / "a-result.json").write_text(json.dumps({"name": "x", "status": "passed", "uuid": "x"}))
    other = next(link for link in links(client.get("/").text, "/runs/") if "/other-" in link)

    page = plain(client.get(f"{other}/compare").text)

    assert "No other run has a test of this one. Choose one." in page
    assert "old, 2026-09-21" in page
