"""Product, lab or test: what a result was raised by, or the folder's own categories, say who should look."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from browsing import Write
from virtualpytest_dashboard.records import Row
from virtualpytest_dashboard.results import Folder


def _rows(folder: Path) -> list[Row]:
    return list(Folder(folder, "night", "night").rows())


@pytest.mark.parametrize(
    ("status", "message", "cause"),
    [
        ("failed", "AssertionError: black", "product"),
        ("failed", "pytest_virtualpytest.exceptions.NotSeen: banner.png", "product"),
        ("broken", "pytest_virtualpytest.exceptions.LeaseError: held by ben", "lab"),
        ("broken", "pytest_virtualpytest.exceptions.CallTimeout: late", "lab"),
        ("broken", "CaptureError: no signal", "lab"),
        ("broken", "pytest_virtualpytest.exceptions.ReferenceNotFound: banner.png", "test"),
        ("broken", "KeyError: 'HostError'", "test"),
        ("passed", "", ""),
        ("skipped", "Skipped: LabFault", ""),
    ],
)
def test_cause_is_judged_by_what_was_raised(
    folder: Path, write: Write, status: str, message: str, cause: str
) -> None:
    write(status=status, statusDetails={"message": message})

    assert [row.cause for row in _rows(folder)] == [cause]


def test_cause_that_the_test_itself_is_labelled_with_is_right(folder: Path, write: Write) -> None:
    matched = {"Test defects": ["broken"], "Too slow": ["failed"]}
    rules = [{"name": name, "matchedStatuses": statuses} for name, statuses in matched.items()]
    (folder / "categories.json").write_text(json.dumps(rules), encoding="utf-8")
    for name, status, cause in (("test_a", "broken", "lab"), ("test_b", "failed", "test"), ("test_c", "failed", "odd")):
        write(name, status=status, labels=[{"name": "cause", "value": cause}])

    judged = {row.name: (row.category, row.cause) for row in _rows(folder)}

    assert judged == {
        "test_a": ("Lab faults", "lab"), "test_b": ("Too slow", "test"), "test_c": ("Too slow", "product"),
    }  # fmt: skip


def test_categories_of_the_folder_come_first_and_odd_ones_are_passed_over(folder: Path, write: Write) -> None:
    rules = [
        None,
        {"name": "Odd", "messageRegex": "(", "matchedStatuses": ["failed"]},
        {"name": "Too slow", "messageRegex": ".*zap took.*", "matchedStatuses": ["failed"]},
        {"name": "Lab faults", "messageRegex": "(?s).*offline.*"},
    ]
    (folder / "categories.json").write_text(json.dumps(rules), encoding="utf-8")
    write("test_a", status="failed", statusDetails={"message": "AssertionError: zap took\n3 s"})
    write("test_b", status="broken", statusDetails={"message": "AdbError: device offline"})
    write("test_c", status="failed", statusDetails={"message": "AssertionError"})

    judged = {row.name: (row.category, row.cause) for row in _rows(folder)}

    assert judged == {
        "test_a": ("Too slow", "product"),
        "test_b": ("Lab faults", "lab"),
        "test_c": ("Product defects", "product"),
    }
