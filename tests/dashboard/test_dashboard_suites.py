"""Results by suite, by tag and other labels, and by category."""

from __future__ import annotations

import json
from pathlib import Path

from browsing import Write, links, plain, rows, run_page
from starlette.testclient import TestClient
from virtualpytest_dashboard import labels
from virtualpytest_dashboard.journal import FILE

BOTH_STORES = "soak"


def _labels(**said: str | list[str]) -> list[dict[str, str]]:
    several = {name: [value] if isinstance(value, str) else value for name, value in said.items()}
    return [{"name": name, "value": value} for name, values in several.items() for value in values]


def _by(client: TestClient, what: str, query: str = "") -> str:
    address = links(client.get("/").text, "/runs/")[0]
    page = client.get(f"{address}/by/{what}{query}")
    assert page.status_code == 200, page.text
    return page.text


def test_suites_are_a_tree_with_counts_that_with_failures_first(client: TestClient, write: Write) -> None:
    write("test_a", labels=_labels(parentSuite="tests.tv", suite="test_guide"))
    write("test_b", labels=_labels(parentSuite="tests.tv", suite="test_zap", subSuite="TestFast"), status="failed")
    write("test_c", labels=_labels(parentSuite="tests.tv", suite="test_zap", subSuite="TestSlow"))

    page = _by(client, "suite")

    places = [page.index(f">{name}</a>") for name in ("tests.tv", "test_zap", "TestFast", "TestSlow", "test_guide")]
    assert places == sorted(places)
    assert "test_zap 1 product 1 of 2 passed" in plain(page)


def test_suite_leads_to_its_tests_and_to_those_of_the_suites_within(client: TestClient, write: Write) -> None:
    write("test_a", labels=_labels(parentSuite="tests.tv", suite="test_zap", subSuite="TestFast"))
    write("test_b", labels=_labels(parentSuite="tests.tv", suite="test_zap"))
    write("test_c", labels=_labels(parentSuite="tests.tv", suite="test_zapper"))
    leads = [link for link in links(_by(client, "suite"), "suite=tests.tv") if link.endswith("test_zap#tests")]

    page = client.get(leads[0]).text

    assert rows(page) == ["test_a", "test_b"]
    assert "2 of 3 of suite “tests.tv › test_zap”" in plain(page)


def test_each_tag_of_a_test_counts_it(client: TestClient, write: Write) -> None:
    write("test_a", labels=_labels(tag=["smoke", "slow"]))
    write("test_b", labels=_labels(tag="smoke"))

    page = _by(client, "tag")

    assert "smoke 2 of 2 passed" in plain(page)
    assert "slow 1 of 1 passed" in plain(page)
    assert rows(run_page(client, "?tag=slow")) == ["test_a"]
    assert rows(run_page(client, "?tag=slo")) == []


def test_labels_of_one_test_narrow_together(client: TestClient, write: Write) -> None:
    write("test_a", labels=_labels(severity="critical", owner="ana", epic="Watch", feature="Zap", firmware="24.1"))
    write("test_b", labels=_labels(severity="critical", owner="bo", epic="Watch", feature="Guide", firmware="24.1"))

    assert rows(run_page(client, "?severity=critical&firmware=24.1")) == ["test_a", "test_b"]
    assert rows(run_page(client, "?severity=critical&owner=ana")) == ["test_a"]
    assert rows(run_page(client, "?behaviour=Watch")) == ["test_a", "test_b"]
    assert rows(run_page(client, "?behaviour=Watch+%E2%80%BA+Guide")) == ["test_b"]


def test_filters_in_the_address_narrow_the_tree(client: TestClient, write: Write) -> None:
    write("test_a", labels=_labels(suite="one"), status="failed")
    write("test_b", labels=_labels(suite="two"))

    page = plain(_by(client, "suite", "?verdict=bad"))

    assert "one 1 product 0 of 1 passed" in page
    assert "two" not in page


def test_categories_hold_what_did_not_pass(client: TestClient, folder: Path, write: Write) -> None:
    rules = [{"name": "Known slowness", "messageRegex": ".*too slow.*"}]
    (folder / "categories.json").write_text(json.dumps(rules), encoding="utf-8")
    write("test_a", status="failed", statusDetails={"message": "too slow: 3 s"})
    write("test_b", status="failed", statusDetails={"message": "black"})
    write("test_c")

    page = plain(_by(client, "category"))

    assert "Known slowness 1 product 0 of 1 passed" in page
    assert "Product defects 1 product 0 of 1 passed" in page


def test_only_labels_that_tests_have_are_offered(client: TestClient, write: Write) -> None:
    write("test_a", labels=_labels(owner="ana"))

    found = {link.partition("/by/")[2] for link in links(run_page(client), "/by/")}

    assert found == {"owner", "category"}


def test_unknown_label_is_no_page(client: TestClient, write: Write) -> None:
    write()

    answer = client.get(f"{links(client.get('/').text, '/runs/')[0]}/by/colour")

    assert answer.status_code == 404
    assert "not grouped by 'colour'" in plain(answer.text)


def test_lost_test_is_in_the_suite_that_its_file_makes(client: TestClient, folder: Path) -> None:
    test = "tests/tv/test_zap.py::TestFast::test_a"
    events = [{"kind": "run", "time": 1_790_000_000}, {"kind": "plan", "test": test},
              {"kind": "start", "test": test, "time": 1_790_000_001},
              {"kind": "end", "time": 1_790_000_002}]  # fmt: skip
    (folder / FILE).write_text("".join(f"{json.dumps(event)}\n" for event in events), encoding="utf-8")

    assert rows(run_page(client, "?suite=tests.tv+%E2%80%BA+test_zap+%E2%80%BA+TestFast")) == ["test_a"]


def test_labels_that_are_no_words_are_read_past(client: TestClient, write: Write) -> None:
    write("test_a", labels=[{"name": ["x"]}, {"name": "tag", "value": None}, None, {"name": "suite", "value": 7}])

    assert rows(run_page(client, "?suite=7")) == ["test_a"]


def test_module_of_a_package_a_class_and_none_at_all() -> None:
    assert labels.of_module("tests.tv.test_zap.TestFast#test_a")[0] == "tests.tv › test_zap › TestFast"
    assert labels.of_module("tests.tv.test_zap#test_a")[0] == "tests.tv › test_zap"
    assert labels.of_module("test_zap#test_a")[0] == "test_zap"
    assert labels.of_module("") == ()
