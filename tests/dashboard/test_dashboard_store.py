"""The store beside the results: read once, true after every change, whole after every end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from browsing import Write, client_of
from sqlalchemy import URL
from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.journal import FILE
from virtualpytest_dashboard.results import Folder
from virtualpytest_dashboard.store.database import PLACE, Database

BOTH_STORES = True
_READ = """
import sys
from pathlib import Path
from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.store import postgresql
from virtualpytest_dashboard.store.database import Database
store = Database(postgresql.address(sys.argv[2])) if sys.argv[2] else None
print(Folders([Path(sys.argv[1])], store).all()[0].run().total, flush=True)
"""


def _opened(folder: Path, database: URL | None = None) -> Folder:
    return Folders([folder], Database(database) if database else None).all()[0]


def _names(folder: Folder) -> list[str]:
    return [row.name for row in folder.rows()]


def _reader(folder: Path, database: URL | None) -> subprocess.Popen[str]:
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", _READ, str(folder), database.render_as_string() if database else ""]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **paths})


def _many(folder: Path, count: int) -> None:
    for number in range(count):
        result = {"name": f"test_{number}", "status": "passed", "uuid": f"u-{number}", "historyId": f"h-{number}",
                  "fullName": f"a#test_{number}", "start": 1_790_000_000_000 + number, "stop": 1_790_000_000_500}
        (folder / f"{number:05d}-result.json").write_text(json.dumps(result), encoding="utf-8")


def test_unchanged_file_is_not_read_again_by_the_next_dashboard(
    folder: Path, database: URL | None, write: Write
) -> None:
    write("test_zap")
    path = folder / "0000-result.json"
    stamp = path.stat()
    assert _names(_opened(folder, database)) == ["test_zap"]
    path.write_bytes(path.read_bytes().replace(b"test_zap", b"test_xyz"))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))

    assert _names(_opened(folder, database)) == ["test_zap"]

    os.utime(path)
    assert _names(_opened(folder, database)) == ["test_xyz"]


def test_folder_that_was_quiet_shows_what_comes_at_once(folder: Path, database: URL | None, write: Write) -> None:
    write("test_zap")
    old = time.time() - 3600
    os.utime(folder / "0000-result.json", (old, old))
    run = _opened(folder, database)
    assert run.run() is run.run()

    write("test_power")

    assert sorted(_names(run)) == ["test_power", "test_zap"]


def test_copy_counts_once_what_it_was_copied_from_is_gone(folder: Path, database: URL | None, write: Write) -> None:
    write("test_zap")
    (folder / "copy-result.json").write_bytes((folder / "0000-result.json").read_bytes())
    run = _opened(folder, database)
    assert [item.file for item in run.run().unreadable] == ["copy-result.json"]

    (folder / "0000-result.json").unlink()

    assert [row.file for row in run.rows()] == ["copy-result.json"]
    assert not run.run().unreadable


def test_attempts_are_told_again_when_the_newest_is_removed(folder: Path, database: URL | None, write: Write) -> None:
    for status in ("failed", "broken", "passed"):
        write("test_zap", status)
    run = _opened(folder, database)
    assert [(row.verdict, len(row.earlier)) for row in run.rows()] == [("passed", 2)]
    assert run.run().retried == 1

    (folder / "0002-result.json").unlink()

    assert [(row.verdict, len(row.earlier)) for row in run.rows()] == [("broken", 1)]
    (folder / "0001-result.json").unlink()
    assert [(row.verdict, row.earlier) for row in run.rows()] == [("failed", ())]
    assert run.run().retried == 0


def test_rules_that_change_judge_every_result_again(folder: Path, database: URL | None, write: Write) -> None:
    write("test_zap", "failed", statusDetails={"message": "no signal"})
    assert _opened(folder, database).run().categories == {"Product defects": 1}

    rules = [{"name": "Cables", "messageRegex": "no signal.*"}]
    (folder / "categories.json").write_text(json.dumps(rules), encoding="utf-8")

    assert _opened(folder, database).run().categories == {"Cables": 1}


def test_import_killed_at_any_moment_loses_nothing_and_keeps_nothing_twice(folder: Path, database: URL | None) -> None:
    _many(folder, 3000)
    for number in range(8):
        with _reader(folder, database) as reader:
            time.sleep(0.25 + 0.08 * number)  # where it is then differs by machine and load: that is the point
            reader.kill()

    names = _names(_opened(folder, database))

    assert sorted(names) == sorted(f"test_{number}" for number in range(3000))


def test_two_dashboards_that_read_one_folder_at_once_keep_each_result_once(folder: Path, database: URL | None) -> None:
    _many(folder, 1500)

    with _reader(folder, database) as one, _reader(folder, database) as other:
        said = [reader.communicate(timeout=120)[0].strip() for reader in (one, other)]

    assert (one.returncode, other.returncode) == (0, 0)
    assert said == ["1500", "1500"]
    assert len(_names(_opened(folder, database))) == 1500


def test_journal_is_held_against_results_that_an_ended_import_had_read(
    folder: Path, database: URL | None, write: Write
) -> None:
    events = [{"kind": "run", "time": 1_790_000_000.0}, {"kind": "plan", "data": {"tests": ["a.py::test_lost"]}},
              {"kind": "start", "test": "a.py::test_lost"}, {"kind": "end", "time": 1_790_000_009.0}]  # fmt: skip
    (folder / FILE).write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    write("test_zap")
    store = Database(database or folder / "kept.sqlite")
    first = Folder(folder, "night", "night", store)
    first._ingest.files({"0000-result.json": (1, 1)}, ())  # and no further: its process was killed here

    rows = Folder(folder, "night", "night", store).rows()

    assert {row.name: row.verdict for row in rows} == {"test_zap": "passed", "test_lost": "lost"}


@pytest.mark.parametrize("content", [b"this is no database, and it is long enough to be looked at" * 20, b""])
def test_damaged_store_is_made_again_from_the_results(folder: Path, write: Write, content: bytes) -> None:
    write("test_zap")
    store = folder / PLACE / "results-8.sqlite"
    store.parent.mkdir()
    store.write_bytes(content)

    assert _names(_opened(folder)) == ["test_zap"]


def test_folder_that_takes_no_store_is_shown_all_the_same(folder: Path, write: Write) -> None:
    write("test_zap")
    (folder / PLACE).write_text("a file in its place", encoding="utf-8")

    assert _names(_opened(folder)) == ["test_zap"]


def test_store_is_no_attachment(folder: Path, write: Write) -> None:
    write("test_zap")

    with client_of(folder) as client:
        run = client.get("/").text.partition('href="http://127.0.0.1/runs/')[2].partition('"')[0]
        answers = [client.get(f"/runs/{run}/attachments/{name}").status_code
                   for name in (PLACE, f"{PLACE}/results-8.sqlite", f"{PLACE}%2Fresults-8.sqlite")]  # fmt: skip

    assert answers == [404, 404, 404]


def test_file_that_was_told_is_read_alone(folder: Path, database: URL | None, write: Write) -> None:
    write("test_zap")
    run = _opened(folder, database)
    before = run.run().version
    write("test_power")
    write("test_guide")

    after = run.take({"0001-result.json"})

    assert after > before
    assert sorted(_names(run)) == ["test_power", "test_zap"]


def test_file_that_was_told_and_is_gone_is_forgotten(folder: Path, database: URL | None, write: Write) -> None:
    write("test_zap")
    write("test_power")
    run = _opened(folder, database)
    run.run()
    (folder / "0001-result.json").unlink()

    run.take({"0001-result.json"})

    assert _names(run) == ["test_zap"]
