"""Reading results as they are found in the field: nothing is dropped silently, nothing costs the run."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from browsing import Write, links, plain, run_page, shown_test
from starlette.testclient import TestClient
from virtualpytest_dashboard.records import Row, Run
from virtualpytest_dashboard.results import Folder

BOTH_STORES = "soak"


def _read(folder: Path) -> Run:
    return Folder(folder, "night", "night").run()


def _rows(folder: Path) -> list[Row]:
    return Folder(folder, "night", "night").rows()


def _only(folder: Path) -> Row:
    (row,) = _rows(folder)
    return row


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b'{"name": "test_zap", "sta', "not JSON: Unterminated string starting at: line 1 column 22 (char 21)"),
        (b"[]", "holds a list, not an object"),
        (b"\xff\xfe{", "not JSON: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
        (b'{"steps": ' * 100_000, "nested too deeply"),
    ],
    ids=["empty", "cut", "list", "binary", "deep"],
)
def test_unreadable_file_is_listed_with_its_reason(
    client: TestClient, folder: Path, write: Write, content: bytes, why: str
) -> None:
    write()
    (folder / "odd-result.json").write_bytes(content)

    page = plain(run_page(client))

    assert "1 file could not be read" in page
    assert f"odd-result.json : {why}" in page
    assert "1 test " in page


def test_result_that_is_a_link_or_no_file_is_not_followed(folder: Path, write: Write) -> None:
    write()
    (folder / "a-result.json").symlink_to("/etc/passwd")
    os.mkfifo(folder / "b-result.json")

    run = _read(folder)

    assert {item.file: item.why for item in run.unreadable} == {
        "a-result.json": "Too many levels of symbolic links",
        "b-result.json": "not a plain file",
    }


def test_byte_order_mark_is_read_over(folder: Path) -> None:
    (folder / "a-result.json").write_bytes(b'\xef\xbb\xbf{"name": "test_zap", "status": "failed", "historyId": "h"}')

    assert _only(folder).name == "test_zap"


def test_nulls_wrong_types_and_markup_everywhere_still_make_a_page(client: TestClient, folder: Path) -> None:
    document: dict[str, Any] = {
        "name": "<img src=x onerror=alert(1)>", "status": "weird", "labels": None, "parameters": [None, 7],
        "steps": [{"name": None, "start": "soon", "steps": {"no": "list"}, "statusDetails": []}, None],
        "attachments": [None, {"name": None, "source": None}, {"source": ["x"]}],
        "links": [{"url": "javascript:alert(1)"}],
        "statusDetails": {"message": None, "trace": 5}, "descriptionHtml": "<script>alert(1)</script>",
        "start": None, "stop": 1e308, "uuid": None, "fullName": ["x"], "historyId": 4,
    }  # fmt: skip
    (folder / "a b?-result.json").write_text(json.dumps(document), encoding="utf-8")

    page = shown_test(client, "<img src=x onerror=alert(1)>")

    assert "unknown" in page
    assert "<img src=x" not in page
    assert not re.search('<script(?! type="module" src="http://127.0.0.1/static/)', page)
    assert 'href="javascript' not in page


def test_half_a_surrogate_does_not_break_the_page(client: TestClient, folder: Path) -> None:
    (folder / "a-result.json").write_text('{"name": "test_\\ud83d", "status": "failed", "historyId": "h"}')

    assert "test_?" in run_page(client)


def test_deep_steps_are_shown_to_a_depth_and_the_cut_is_said(client: TestClient, write: Write) -> None:
    deep: dict[str, Any] = {"name": "innermost", "status": "passed"}
    for number in range(200):
        deep = {"name": f"level {number}", "status": "passed", "steps": [deep]}
    write(steps=[deep])

    page = shown_test(client, "test_zap")

    assert "level 199" in page
    assert "nested deeper, not shown" in page
    assert "innermost" not in page


def test_interrupted_test_is_not_taken_for_passed(folder: Path) -> None:
    result = {"name": "test_zap", "status": "passed", "uuid": "u", "steps": [{"name": "s", "status": "broken"}]}
    (folder / "a-result.json").write_text(json.dumps(result), encoding="utf-8")

    assert _only(folder).verdict == "interrupted"


def test_retries_are_attempts_of_one_test_and_the_newest_counts(client: TestClient, write: Write) -> None:
    write(status="failed", statusDetails={"message": "black"})
    write(status="passed")

    run, page = plain(run_page(client)), plain(shown_test(client, "test_zap"))

    assert "1 test " in run
    assert "Nothing to look at" in run
    assert "1 tried again" in run
    assert "attempt 2" in run
    assert "Attempts ✓ passed" in page
    assert "✕ failed" in page
    assert "black" in page


def test_earlier_attempt_has_a_page_of_its_own(client: TestClient, write: Write) -> None:
    earlier = write(status="failed", statusDetails={"message": "black"})
    newest = write(status="passed")
    address = links(run_page(client), f"/tests/{newest}")[0]

    page = client.get(address.replace(newest, earlier))

    assert page.status_code == 200
    assert "black" in page.text


def test_one_test_on_two_devices_at_once_is_two_tests(folder: Path, write: Write) -> None:
    for device in ("stb1", "stb2"):
        write(start=1_790_000_000_000, stop=1_790_000_005_000, labels=[{"name": "device", "value": device}])

    assert [row.device for row in _rows(folder)] == ["stb1", "stb2"]


def test_parameters_that_share_a_history_are_different_tests(folder: Path, write: Write) -> None:
    for user, password in (("", "admin"), ("admin", "")):
        write(parameters=[{"name": "user", "value": user}, {"name": "word", "value": password}])

    assert len(_rows(folder)) == 2


def test_rerun_on_another_device_is_an_attempt_where_the_device_is_an_excluded_parameter(
    folder: Path, write: Write
) -> None:
    for device in ("stb1", "stb2"):
        parameter = {"name": "device", "value": device, "excluded": True}
        write(status="failed", parameters=[parameter], labels=[{"name": "device", "value": device}])

    row = _only(folder)

    assert row.device == "stb2"
    assert [earlier.device for earlier in row.earlier] == ["stb1"]


def test_second_file_about_one_test_is_listed_as_a_copy(folder: Path, write: Write) -> None:
    write()
    (folder / "copy-result.json").write_bytes((folder / "0000-result.json").read_bytes())

    run = _read(folder)

    assert run.total == 1
    assert [(item.file, item.why) for item in run.unreadable] == [
        ("copy-result.json", "says the same uuid as 0000-result.json")
    ]


def test_container_whose_tests_never_reported_and_result_without_container_are_no_trouble(
    client: TestClient, folder: Path, write: Write
) -> None:
    write()
    container = {"uuid": "c", "children": ["gone", None, 7], "befores": [{"name": "box"}]}
    (folder / "a-container.json").write_text(json.dumps(container), encoding="utf-8")
    (folder / "b-container.json").write_text("{", encoding="utf-8")

    assert "Set up" not in shown_test(client, "test_zap")


def test_errors_outside_of_tests_are_told_first(client: TestClient, folder: Path, write: Write) -> None:
    write()
    errors = {"errors": [{"message": "rack-02 lost power", "trace": "", "timestamp": 1}]}
    (folder / "a-globals.json").write_text(json.dumps(errors), encoding="utf-8")

    assert "Outside of the tests rack-02 lost power" in plain(run_page(client))


def test_masked_and_hidden_parameters_are_not_shown(client: TestClient, write: Write) -> None:
    write(
        parameters=[
            {"name": "pin", "value": "'1234'", "mode": "masked"},
            {"name": "token", "value": "'tok'", "mode": "hidden"},
        ]
    )

    page = shown_test(client, "test_zap")

    assert "1234" not in page
    assert "tok" not in plain(page)


def test_results_written_later_and_rewritten_ones_show_on_reload(
    client: TestClient, folder: Path, write: Write
) -> None:
    write("test_one")
    assert "1 test " in plain(run_page(client))

    write("test_two")
    path = folder / "0000-result.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"passed"', '"failed"'), encoding="utf-8")

    assert "1 of 2 tests to look at" in plain(run_page(client))


def test_results_removed_are_gone_on_reload(client: TestClient, folder: Path, write: Write) -> None:
    write("test_one")
    write("test_two")
    assert "test_two" in run_page(client)

    (folder / "0001-result.json").unlink()

    assert "test_two" not in run_page(client)


def test_environment_is_read_whatever_way_it_is_written(folder: Path, write: Write) -> None:
    write()
    (folder / "environment.properties").write_text("# lab\nos = Debian 12\nlab:racks.toml\n\nodd\nurl=http://a/?b=c\n")

    pairs = [(item.name, item.value) for item in _read(folder).environment]

    assert pairs == [("os", "Debian 12"), ("lab", "racks.toml"), ("url", "http://a/?b=c")]


def test_executor_links_only_to_a_web_address(client: TestClient, folder: Path, write: Write) -> None:
    write()
    executor = {"buildName": "nightly 3", "buildUrl": "javascript:alert(1)"}
    (folder / "executor.json").write_text(json.dumps(executor), encoding="utf-8")

    page = run_page(client)

    assert "nightly 3" in page
    assert "javascript" not in page


def test_two_thousand_results_are_shown_quickly_and_read_once(folder: Path, write: Write) -> None:
    write(steps=[{"name": f"step {number}", "status": "passed"} for number in range(30)])
    first = json.loads((folder / "0000-result.json").read_text(encoding="utf-8"))
    for number in range(1, 2000):
        result = {**first, "uuid": f"uuid-{number}", "historyId": f"h-{number}"}
        (folder / f"{number:04d}-result.json").write_text(json.dumps(result), encoding="utf-8")
    results = Folder(folder, "night", "night")

    assert len(results.rows()) == 2000
    began = time.perf_counter()
    results.run()
    again = time.perf_counter() - began

    assert again < 1
    assert results.run() is results.run()
