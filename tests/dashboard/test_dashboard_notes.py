"""Notes on tests: owner, note, known issue, quarantine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import links, ours, plain, rows
from sqlalchemy import URL
from starlette.testclient import TestClient
from virtualpytest_dashboard.app import create_app

BOTH_STORES = "soak"
DAY = 86_400_000
ISSUE = "https://bugs.example/7"


def _night(root: Path, day: int, **verdicts: str) -> None:
    folder = root / f"night-{day}"
    folder.mkdir()
    for number, (name, status) in enumerate(verdicts.items()):
        start = 1_790_000_000_000 + day * DAY + number * 1000
        result = {"name": name, "fullName": f"tests.test_box#{name}", "status": status, "uuid": f"{day}-{number}",
                  "historyId": name, "start": start, "stop": start + 500}  # fmt: skip
        (folder / f"{number}-result.json").write_text(json.dumps(result), encoding="utf-8")


@pytest.fixture
def nights(tmp_path: Path, database: URL | None) -> Iterator[TestClient]:
    """Give a client that may act, of two nights: two tests broke."""
    _night(tmp_path, 0, test_a="passed", test_b="passed", test_c="passed")
    _night(tmp_path, 1, test_a="failed", test_b="failed", test_c="passed")
    with TestClient(create_app([tmp_path], control=True, database=database), base_url="http://127.0.0.1") as client:
        client.get("/")
        yield client


def _run(client: TestClient, query: str = "") -> str:
    address = next(link for link in links(client.get("/").text, "/runs/") if "/night-1-" in link)
    return client.get(f"{address}{query}").text


def _say(client: TestClient, uuid: str, **said: Any) -> Any:
    address = next(link for link in links(client.get("/").text, "/runs/") if f"/night-{uuid[0]}-" in link)
    run = address.rpartition("/")[2]
    return client.post(f"/api/runs/{run}/tests/{uuid}/note", json=said, headers=ours(client))


def test_note_is_on_the_page_of_its_test_in_every_run(nights: TestClient) -> None:
    answer = _say(nights, "1-0", owner="ana", note="wants the new remote", link=ISSUE, quarantine=True)

    assert answer.json() == {"owner": "ana", "note": "wants the new remote", "link": ISSUE, "quarantine": True}
    for day in (0, 1):
        run = next(link for link in links(nights.get("/").text, "/runs/") if f"/night-{day}-" in link)
        page = plain(nights.get(f"{run}/tests/{day}-0").text)
        assert "quarantined known issue ana wants the new remote" in page


def test_lists_show_it(nights: TestClient) -> None:
    _say(nights, "1-0", owner="ana", link=ISSUE)

    assert "known issue ana" in plain(_run(nights))
    assert "test_a tests.test_box ✕ failed ana known issue" in plain(nights.get("/notes").text)


def test_known_issue_is_no_new_failure(nights: TestClient) -> None:
    assert "2 new failures" in plain(_run(nights))

    _say(nights, "0-0", link=ISSUE)

    assert "1 new failure , 1 known issue ," in plain(_run(nights))
    assert rows(_run(nights, "?change=new")) == ["test_b"]
    assert rows(_run(nights, "?change=known")) == ["test_a"]


def test_note_that_says_nothing_takes_it_away(nights: TestClient) -> None:
    _say(nights, "1-0", quarantine=True)
    _say(nights, "1-0")

    assert nights.get("/api/quarantine").json() == {"tests": []}
    assert "None yet." in plain(nights.get("/notes").text)


def test_quarantine_has_the_name_that_pytest_takes(nights: TestClient) -> None:
    _say(nights, "1-0", quarantine=True, note="flaky")
    _say(nights, "1-1", quarantine=True)
    _say(nights, "1-2", owner="bo")

    found = nights.get("/api/quarantine").json()["tests"]

    assert [one["test"] for one in found] == ["tests/test_box.py::test_a", "tests/test_box.py::test_b"]
    assert found[0] == {"test": "tests/test_box.py::test_a", "name": "test_a", "owner": "", "note": "flaky",
                        "full_name": "tests.test_box#test_a", "link": ""}  # fmt: skip


@pytest.mark.parametrize(
    "said", [{"link": "javascript:alert(1)"}, {"link": "https://a b"}, {"owner": "x" * 101}, {"note": 7}, {"extra": 1}]
)
def test_what_is_no_note_is_refused(nights: TestClient, said: dict[str, Any]) -> None:
    answer = _say(nights, "1-0", **said)

    assert answer.status_code == 422
    assert next(iter(said)) in answer.json()["error"]


def test_note_holds_over_a_restart(nights: TestClient, tmp_path: Path, database: URL | None) -> None:
    _say(nights, "1-0", note="still so")

    with TestClient(create_app([tmp_path], database=database), base_url="http://127.0.0.1") as later:
        assert "still so" in plain(later.get("/notes").text)


def test_test_that_there_is_not_takes_no_note(nights: TestClient) -> None:
    assert _say(nights, "1-99", note="x").status_code == 404


def test_who_may_only_look_has_no_form_and_may_write_none(tmp_path: Path) -> None:
    _night(tmp_path, 1, test_a="failed")
    with TestClient(create_app([tmp_path]), base_url="http://127.0.0.1") as client:
        answer = _say(client, "1-0", note="x")
        page = client.get(links(_run(client), "/tests/")[0]).text

    assert answer.status_code == 403
    assert "data-act" not in page


def test_words_of_a_note_are_words(nights: TestClient) -> None:
    _say(nights, "1-0", owner="<b>ana", note="<script>alert(1)</script>", link='https://x/"><script>')

    assert "<script>alert" not in _run(nights) + nights.get("/notes").text
    assert "<b>ana" not in _run(nights)
