"""Three dashboards of three processes over one store: each file is read once, each event reaches every browser."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from browsing import Write
from sqlalchemy import URL, func, select
from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.store.database import Database
from virtualpytest_dashboard.store.schema import FILE, RESULT, RUN

BOTH_STORES = "soak"
MANY = 1200
REPLICAS = 3
SERVE = """
import sys
from virtualpytest_dashboard import serve
serve.main([sys.argv[1]], port=0, database=sys.argv[2], ready=lambda address: print(address, flush=True))
"""


@contextlib.contextmanager
def replica(folder: Path, database: URL | None) -> Iterator[subprocess.Popen[str]]:
    """Give a dashboard's process, which tells its address."""
    where = database.render_as_string() if database else ""
    command = [sys.executable, "-c", SERVE, str(folder), where]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def replicas(folder: Path, database: URL | None, count: int = REPLICAS) -> Iterator[list[str]]:
    """Give the addresses of dashboards over *folder*, which begin together."""
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(replica(folder, database)) for _ in range(count)]
        yield [process.stdout.readline().strip() for process in started if process.stdout]


def many(folder: Path, first: int, count: int) -> None:
    for number in range(first, first + count):
        name, start = f"{number % 400}", 1_790_000_000_000 + number
        result = {"name": f"test_{name}", "status": "passed", "uuid": f"u-{number}", "fullName": "a#test",
                  "historyId": f"h-{name}", "start": start, "stop": start}  # fmt: skip
        (folder / f"{number:05d}-result.json").write_text(json.dumps(result), encoding="utf-8")


def get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=120) as answer:
        return str(answer.read().decode())


def run_at(address: str) -> str:
    found = re.search(r'href="(http[^"]*/runs/[^"]*)"', get(address))
    assert found
    return found[1]


def at_once(act: Any, *arguments: Any) -> list[Any]:
    """Return what *act* gives for each of *arguments*, all called at the same time."""
    found: dict[int, Any] = {}
    threads = [threading.Thread(target=lambda at=at, one=one: found.update({at: act(one)}))
               for at, one in enumerate(arguments)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[at] for at in range(len(arguments))]


def kept(folder: Path, database: URL | None) -> dict[str, int]:
    """Return what the store has by now: rows, different results, files, and the version."""
    store = Database(database) if database else None
    asked = {
        "rows": select(func.count()).select_from(RESULT),
        "results": select(func.count(RESULT.c.uuid.distinct())),
        "shown": select(func.count()).where(RESULT.c.shown),
        "files": select(func.count()).select_from(FILE),
        "version": select(RUN.c.version),
    }
    with contextlib.closing(Folders([folder], store)) as folders:
        return {name: folders.ask(lambda connection, one=one: connection.execute(one).scalar_one())
                for name, one in asked.items()}  # fmt: skip


def told(events: Any) -> int:
    line = next(line for line in events if line.startswith(b"data: "))
    return int(line.removeprefix(b"data: "))


def test_three_that_are_asked_at_once_read_each_file_once(folder: Path, database: URL | None) -> None:
    many(folder, 0, MANY)

    with replicas(folder, database) as three:
        pages = at_once(lambda address: get(run_at(address)), *three)

    assert all("400 tests" in page for page in pages)
    found = kept(folder, database)
    assert (found["rows"], found["results"], found["files"], found["shown"]) == (MANY, MANY, MANY, 400)
    assert found["version"] <= MANY / 500 + 2  # a batch that several have read is written by one of them


def test_each_tells_its_browsers_once_of_what_any_has_read(folder: Path, database: URL | None, write: Write) -> None:
    write("test_zap")
    with replicas(folder, database) as three, contextlib.ExitStack() as stack:
        runs = [run_at(one) for one in three]
        streams = [stack.enter_context(urllib.request.urlopen(f"{run}/events", timeout=60)) for run in runs]
        before = [told(events) for events in streams]

        write("test_power")
        after = [told(events) for events in streams]
        pages = [get(run) for run in runs]
        write("test_guide")
        later = [told(events) for events in streams]

    assert len(set(before)) == 1
    assert after == [before[0] + 1] * REPLICAS
    assert later == [before[0] + 2] * REPLICAS
    assert all("test_power" in page for page in pages)


def test_one_that_is_killed_and_started_again_loses_nothing_and_stops_nobody(
    folder: Path, database: URL | None
) -> None:
    many(folder, 0, MANY)
    with replicas(folder, database, REPLICAS - 1) as others:
        reading = [threading.Thread(target=get, args=(address,)) for address in others]
        for thread in reading:
            thread.start()
        for again in range(2):
            with replica(folder, database) as process:
                assert process.stdout
                address = process.stdout.readline().strip()
                many(folder, MANY + again * 100, 100)
                with contextlib.suppress(OSError):  # where it is then differs: that is the point
                    urllib.request.urlopen(address, timeout=0.1 + 0.2 * again)
        for thread in reading:
            thread.join()

        pages = at_once(lambda address: get(run_at(address)), *others)

    assert all("400 tests" in page for page in pages)
    found = kept(folder, database)
    assert (found["rows"], found["results"], found["files"], found["shown"]) == (*[MANY + 200] * 3, 400)
