"""What allure-pytest and its surroundings really write: each quirk has its rule, and no file is dropped silently."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from browsing import Write, client_of, plain, run_page, shown_test
from starlette.testclient import TestClient
from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.records import Row
from virtualpytest_dashboard.results import Folder

HOUR = 3_600_000
START = 1_790_000_000_000


def _rows(folder: Path) -> list[Row]:
    return Folder(folder, "night", "night").rows()


def _listed(folder: Path) -> dict[str, str]:
    return {item.file: item.why for item in Folder(folder, "night", "night").run().unreadable}


def _container(folder: Path, name: str, children: list[str], **members: Any) -> None:
    document = {"uuid": name, "children": children, **members}
    (folder / f"{name}-container.json").write_text(json.dumps(document), encoding="utf-8")


def _pytest(folder: Path, source: str, *options: str) -> Path:
    """Run the tests in *source*, and return the folder of their results."""
    folder.mkdir(exist_ok=True)
    (folder / "test_it.py").write_text(source, encoding="utf-8")
    plain = ["-q", "-p", "no:cacheprovider", "-p", "no:playwright", "-c", os.devnull, "--rootdir", str(folder)]
    command = [sys.executable, "-m", "pytest", *plain, f"--alluredir={folder / 'ar'}", *options, str(folder)]
    subprocess.run(command, capture_output=True, timeout=60, check=False)
    return folder / "ar"


def test_copy_with_a_byte_order_mark_is_listed_and_costs_the_original_nothing(folder: Path, write: Write) -> None:
    write()
    (folder / "9-result.json").write_bytes(b"\xef\xbb\xbf" + (folder / "0000-result.json").read_bytes())

    assert [row.name for row in _rows(folder)] == ["test_zap"]
    assert _listed(folder) == {"9-result.json": "says the same uuid as 0000-result.json"}


def test_result_that_is_being_written_is_waited_for(folder: Path, write: Write) -> None:
    write()
    unfinished = folder / "0001-result.json.tmp"
    unfinished.write_text('{"name": "test_guide", "status": "failed", "historyId": "h"', encoding="utf-8")
    assert ([row.name for row in _rows(folder)], _listed(folder)) == (["test_zap"], {})

    unfinished.write_text('{"name": "test_guide", "status": "failed", "historyId": "h"}', encoding="utf-8")
    unfinished.rename(folder / "0001-result.json")

    assert [row.name for row in _rows(folder)] == ["test_guide", "test_zap"]


def test_result_whose_writer_died_is_listed(folder: Path, write: Write) -> None:
    write()
    unfinished = folder / "0001-result.json.tmp"
    unfinished.write_text('{"name": "test_gui', encoding="utf-8")
    os.utime(unfinished, (time.time() - 3600,) * 2)

    assert _listed(folder) == {"0001-result.json.tmp": "not written to its end: who wrote it has ended"}


def test_test_that_stopped_before_it_started_took_no_time(folder: Path, write: Write) -> None:
    write(status="failed", start=START + 5, stop=START + 4)
    write("test_old", start=1, stop=1)

    assert {row.name: (row.start, row.duration) for row in _rows(folder)} == {
        "test_zap": (START + 5, 0), "test_old": (0, 0),
    }  # fmt: skip


def test_all_odd_files_together_are_rows_or_listed(folder: Path, write: Write) -> None:
    write()
    good = (folder / "0000-result.json").read_bytes()
    odd: dict[str, bytes] = {
        "cut": good[: len(good) // 2],
        "empty": b"",
        "mark": b"\xef\xbb\xbf" + good,
        "interrupted": b'{"name": "test_interrupted", "status": "passed", "start": 1, "stop": 1, "uuid": "i"}',
        "paths": b'{"name": "test_paths", "status": "failed", "start": 5, "stop": 4, "uuid": "p", "historyId": "x",'
                 b' "attachments": [{"name": "climb", "source": "../../../etc/passwd"}]}',
        "nulls": b'{"name": "<img src=x>", "status": "weird", "labels": null, "parameters": [null], "start": null,'
                 b' "steps": [{"name": null}], "uuid": "n"}',
        "deep": b'{"name": "test_deep", "status": "passed", "uuid": "d", "historyId": "d", "steps": '
                + b'[{"name": "level", "steps": ' * 200 + b"[]" + b"}]" * 200 + b"}",
        "deeper": b'{"name": "test_deeper", "steps": ' + b'[{"steps": ' * 9000 + b"[]" + b"}]" * 9000 + b"}",
        "list": b"[]",
        "null": b"null",
    }  # fmt: skip
    for name, content in odd.items():
        (folder / f"{name}-result.json").write_bytes(content)
    (folder / "gone-container.json").write_text('{"uuid": "c", "children": ["x", "y"], "befores": [{"name": "box"}]}')
    (folder / "a-globals.json").write_text('{"errors": [{"message": "rack-02 lost power"}]}')

    rows, listed = _rows(folder), _listed(folder)
    with client_of(folder) as client:
        page = plain(run_page(client))

    assert {row.file for row in rows} | listed.keys() == {"0000-result.json", *(f"{name}-result.json" for name in odd)}
    assert {row.name: row.verdict for row in rows} == {
        "test_zap": "passed", "test_interrupted": "interrupted", "test_paths": "failed", "<img src=x>": "unknown",
        "test_deep": "passed",
    }  # fmt: skip
    assert set(listed) == {f"{name}-result.json" for name in ("cut", "empty", "mark", "deeper", "list", "null")}
    assert "6 files could not be read" in page
    assert "rack-02 lost power" in page


def test_ctrl_c_within_a_test_is_no_pass(field: Path) -> None:
    [row] = [row for row in _rows(field) if row.name == "test_waits"]

    assert json.loads((field / row.file).read_text())["status"] == "passed"
    assert row.verdict == "interrupted"


def test_history_of_a_test_with_an_object_as_parameter_goes_on_from_run_to_run(tmp_path: Path) -> None:
    for number, night in enumerate(("monday", "tuesday")):
        channel = {"name": "channel", "value": f"<test_it.Channel object at 0x7f0{number}>"}
        result = {"name": "test_zap[channel0]", "status": "failed", "uuid": night, "historyId": f"h-{night}",
                  "fullName": "test_it#test_zap", "start": START + number * HOUR, "stop": START + number * HOUR + 1,
                  "parameters": [channel]}  # fmt: skip
        (tmp_path / night).mkdir()
        (tmp_path / night / "a-result.json").write_text(json.dumps(result), encoding="utf-8")

    with client_of(tmp_path) as client:
        client.get("/")
        page = plain(shown_test(client, "test_zap[channel0]"))

    assert "monday" in page
    assert "tuesday" in page


def test_rerun_in_another_process_of_a_test_with_an_object_as_parameter_is_an_attempt(
    folder: Path, write: Write
) -> None:
    for place in ("7f01", "7f02"):
        for number in range(2):
            value = f"<test_it.Channel object at 0x{place}{number}>"
            history = hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()
            write(f"test_zap[channel{number}]", "failed", historyId=history, fullName="test_it#test_zap",
                  parameters=[{"name": "channel", "value": value}])  # fmt: skip

    assert {row.name: len(row.earlier) for row in _rows(folder)} == {
        "test_zap[channel0]": 1, "test_zap[channel1]": 1,
    }  # fmt: skip


def test_each_attempt_shows_its_own_setup_and_not_those_of_all(field: Path) -> None:
    [row] = [row for row in _rows(field) if row.name == "test_zap"]
    address = f"/runs/{Folders([field]).all()[0].name}/tests"

    with client_of(field) as client:
        pages = [plain(client.get(f"{address}/{one.id}").text) for one in (*reversed(row.earlier), row)]

    assert [one.verdict for one in (row, *row.earlier)] == ["passed", "broken", "broken"]
    tried = [re.findall(r"RuntimeError: try (\d)", page.partition("Set up")[2]) for page in pages]
    assert [sorted(set(found)) for found in tried] == [["1"], ["2"], []]


def test_noise_of_finalizers_and_containers_without_tests_are_not_shown(
    client: TestClient, folder: Path, write: Write
) -> None:
    test = write()
    afters = [{"name": "box::1", "status": "passed", "start": START, "stop": START}, {"name": "box::<lambda>"}]
    _container(folder, "a", [test], befores=[{"name": "box", "status": "passed"}], afters=afters)
    _container(folder, "b", [], befores=[{"name": "channel"}], afters=[{"name": "channel::<lambda>"}])

    page = plain(shown_test(client, "test_zap"))

    assert "box::1" in page
    assert "lambda" not in page
    assert "channel" not in page


def test_results_of_a_host_whose_clock_is_wrong_do_not_stretch_a_run_with_a_journal(
    folder: Path, write: Write
) -> None:
    lines: list[dict[str, Any]] = [
        {"kind": "run", "time": START / 1000},
        {"kind": "plan", "data": {"tests": ["tests/test_zap.py::test_a", "tests/test_zap.py::test_b"]}},
        {"kind": "end", "time": START / 1000 + 60},
    ]
    (folder / "virtualpytest-run.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    write("test_a", start=START + 1000, stop=START + 2000)
    write("test_b", start=START + HOUR, stop=START + HOUR + 1000)

    run = Folder(folder, "night", "night").run()

    assert (run.total, run.duration) == (2, 60_000)
    assert [row.duration for row in _rows(folder)] == [1000, 1000]


def test_worker_that_died_is_a_row_that_points_at_the_lab(plugged: Path) -> None:
    found = {row.name: row for row in _rows(plugged)}

    assert set(found) == {"test_first", "test_dies", "test_channels"}
    assert found["test_dies"].cause == "lab"


def test_subtests_are_steps_of_their_test(plugged: Path) -> None:
    with client_of(plugged) as client:
        page = plain(shown_test(client, "test_channels"))
    [row] = [row for row in _rows(plugged) if row.name == "test_channels"]
    lines = map(json.loads, (plugged / "virtualpytest-run.jsonl").read_text().splitlines())
    [verdict] = [line["data"] for line in lines if line["kind"] == "verdict" and "channels" in line["test"]]

    assert (row.verdict, row.cause) == ("failed", "product")
    assert (verdict["outcome"], verdict["cause"]) == ("failed", "product")
    for number, sign in ((0, "✓ passed"), (1, "✕ failed"), (2, "✓ passed")):
        assert f"{sign} subtest [channel] (number={number})" in page


FIELD = """
import allure, pytest
tries = []
@pytest.fixture
def box():
    tries.append(1)
    if len(tries) < 3: raise RuntimeError(f"try {len(tries)}")
@pytest.mark.flaky(reruns=3)
def test_zap(box): pass
def test_waits():
    with allure.step("wait"): raise KeyboardInterrupt
"""

PLUGGED = """
import allure, os
def test_first(): pass
def test_dies(): os._exit(9)
def test_channels(subtests):
    for number in range(3):
        with subtests.test("channel", number=number):
            with allure.step(f"press {number}"): assert number != 1, "black"
"""


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the results of a run of reruns, ended by Ctrl-C."""
    return _pytest(tmp_path_factory.mktemp("field"), FIELD, "-p", "no:virtualpytest")


@pytest.fixture(scope="module")
def plugged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the results of a run with the plugin, on workers of which one dies."""
    return _pytest(tmp_path_factory.mktemp("plugged"), PLUGGED, "-n", "1")
