"""Searches: the same rows with the index as without, on both stores, and what is read behind the pages."""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from browsing import Write
from sqlalchemy import URL, text
from virtualpytest_dashboard.behind import Behind
from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.listing import Asked
from virtualpytest_dashboard.results import Folder
from virtualpytest_dashboard.store import search
from virtualpytest_dashboard.store.database import Database

BOTH_STORES = True
WORDS = ["black", "schwarz", "größe", "живо", "50%", "a_b", 'say "no"', "stb-1", "x", "no signal", "\\", "'", "日本語"]


@pytest.fixture
def folders(folder: Path, database: URL | None) -> Iterator[Folders]:
    """Give the runs over *folder*."""
    with contextlib.closing(Folders([folder], Database(database) if database else None)) as folders:
        yield folders


def _mixed(folder: Path, count: int) -> None:
    dice = random.Random(4)
    for number in range(count):
        said = {"message": " ".join(dice.choices(WORDS, k=3))}
        result = {"name": f"test_{number}", "status": "failed", "uuid": f"u-{number}", "historyId": f"h-{number}",
                  "fullName": "a.b#test", "start": 1_790_000_000_000, "statusDetails": said}  # fmt: skip
        (folder / f"{number:04d}-result.json").write_text(json.dumps(result), encoding="utf-8")


def _finished(folder: Folder) -> None:
    for _ in folder.finish():
        pass


def _asked(folder: Folder, said: str) -> tuple[int, list[str]]:
    found = folder.listing(Asked(q=said))
    return found.total, [row.id for row in found.rows]


def test_index_finds_what_a_look_at_every_row_finds(folder: Path, folders: Folders) -> None:
    _mixed(folder, 300)
    [run] = folders.all()
    run.run()
    pieces = ["lack", "ack sch", "test_29", "test_299 b", "zzz", "bla xyz", "%", "_"]
    asked = [*WORDS, *(word.upper() for word in WORDS), *pieces]
    without = [_asked(run, said) for said in asked]

    _finished(run)

    assert [_asked(run, said) for said in asked] == without
    assert any(total for total, _ in without)
    assert not run.unfinished


def test_index_follows_results_that_come_and_go(folder: Path, folders: Folders, write: Write) -> None:
    write("test_zap", "failed", statusDetails={"message": "no signal"})
    write("test_power", "failed", statusDetails={"message": "no signal"})
    [run] = folders.all()
    _finished(run)
    (folder / "0001-result.json").unlink()
    write("test_guide", "failed", statusDetails={"message": "still no signal"})
    run.run()

    before, _ = _asked(run, "signal")
    _finished(run)

    assert before == 2
    assert _asked(run, "signal")[0] == 2
    assert _asked(run, "still")[0] == 1


def test_index_is_used_once_it_is_whole(folder: Path) -> None:
    _mixed(folder, 20)
    with contextlib.closing(Folders([folder])) as folders:
        [run] = folders.all()
        run.run()
        before = run.ask(lambda connection, number: search.found(connection, number, "black"))
        _finished(run)

        after = run.ask(lambda connection, number: search.found(connection, number, "black"))

    assert (before is None, after is None) == (True, False)


def test_everything_is_read_behind_the_pages_before_anybody_asks(
    folder: Path, folders: Folders, write: Write
) -> None:
    uuid = write("test_zap")
    container = {"uuid": "c", "children": [uuid], "befores": [{"name": "stb", "status": "passed"}]}
    (folder / "a-container.json").write_text(json.dumps(container), encoding="utf-8")

    with Behind(folders) as behind:
        _until(lambda: folders.known() and folders.known()[0].listing(Asked()).total and not behind.doing)
        [run] = folders.known()
        write("test_power")
        run.run()
        _until(lambda: not run.unfinished and not behind.doing)

    assert run.listing(Asked()).total == 2
    with run._database.reading() as connection:
        assert connection.execute(text("SELECT file FROM child")).scalars().all() == ["a-container.json"]


def test_page_shows_what_is_read_so_far_while_another_reads(folder: Path, folders: Folders, write: Write) -> None:
    write("test_zap")
    [run] = folders.all()
    run.run()
    write("test_power")

    with run._lock, ThreadPoolExecutor() as other:
        before = other.submit(run.run, 0.05).result().total

    assert (before, run.run().total) == (1, 2)


def _until(said: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not said():
        assert time.monotonic() < end
        threading.Event().wait(0.02)
