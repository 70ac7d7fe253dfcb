"""The page of a test: its time line, what was wanted beside what was seen, the command to run it again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from browsing import Write, plain, shown_test
from starlette.testclient import TestClient
from virtualpytest_dashboard import again, moments
from virtualpytest_dashboard.journal import FILE, Journal
from virtualpytest_dashboard.records import Attachment, Details, Parameter, Row, Step

T = 1_790_000_000_000
ROW = Row("u", "test_zap", "failed", "tests.test_box#test_zap", device="stb1", start=T, stop=T + 10_000)


def test_moments_lie_where_their_times_are() -> None:
    inner = Step("press", "passed", T + 2500, T + 5000)
    steps = [Step("zap", "failed", T + 2500, T + 7500, steps=(inner,))]
    log = Attachment("device log", "log.txt", size=1, text="    5.000 key P+\nno time in it\n   99.000 late")
    sound = Attachment("sound level", "s.txt", size=1, text="-18.2 dBFS, peak -3.1, over 1 s")
    picture = Attachment("frame", "f.png", step="zap", at=T + 7500, size=9)
    test = Details(ROW, steps=steps, attachments=[log, sound], evidence=[picture])

    found = {lane.sort: [(one.words, one.x, one.width) for one in lane.moments] for lane in moments.lanes(test)}

    assert found == {
        "steps": [("zap", 25.0, 50.0), ("press", 25.0, 25.0)], "pictures": [("frame", 75.0, 0.4)],
        "log": [("key P+", 50.0, 0.4), ("late", 99.6, 0.4)], "sound": [("-18.2 dBFS, peak -3.1, over 1 s", 99.6, 0.4)],
    }  # fmt: skip


def test_moments_of_all_sorts_are_in_one_order() -> None:
    log = Attachment("device log", "log.txt", size=1, text="1.000 first\n8.000 last")
    test = Details(ROW, steps=[Step("between", "passed", T + 4000, T + 5000)], attachments=[log])

    assert [one.words for one in moments.ordered(moments.lanes(test))] == ["first", "between", "last"]


def test_test_without_times_has_no_time_line() -> None:
    assert moments.lanes(Details(Row("u", "test_zap", "lost"), steps=[Step("a", "passed", T, T)])) == ()


def test_what_was_wanted_is_beside_what_was_seen(client: TestClient, folder: Path, write: Write) -> None:
    names = {"annotated frame": "a.png", "nearest place": "n.png", "reference": "r.png"}
    attachments = [{"name": name, "source": source, "type": "image/png"} for name, source in names.items()]
    for source in names.values():
        (folder / source).write_bytes(b"png")
    write(status="failed", attachments=attachments)

    page = shown_test(client, "test_zap")

    section = page.partition('<section aria-labelledby="compared">')[2].partition("</section>")[0]
    assert plain(section) == "Wanted and seen reference nearest place difference black where both are alike"
    assert page.count('alt="reference"') == 1


def test_reference_alone_is_a_picture_like_others() -> None:
    assert moments.compared([Attachment("reference", "r.png", size=1), Attachment("frame", "f.png", size=1)]) == []


@pytest.mark.parametrize(
    ("full_name", "name", "labels", "said"),
    [
        ("tests.tv.test_zap#test_a", "test_a", {}, "pytest tests/tv/test_zap.py::test_a"),
        ("tests.test_zap.TestFast#test_a", "test_a[P+-1]", {}, "pytest 'tests/test_zap.py::TestFast::test_a[P+-1]'"),
        ("tests.test_zap.a#test_a", "test_a", {"package": "tests.test_zap"}, "pytest tests/test_zap.py::a::test_a"),
        ("tests.test_zap#test_a", "test_a", {"device": "stb1"}, "pytest tests/test_zap.py::test_a --vpt-device stb1"),
        ("tests.test_zap#test_a", "test_a[stb1]", {"device": "stb1"},
         "pytest 'tests/test_zap.py::test_a[stb1]' --vpt-device stb1 --vpt-each=device"),
        ("", "no pytest", {}, ""),
    ],
)  # fmt: skip
def test_command_runs_the_test_again(full_name: str, name: str, labels: dict[str, str], said: str) -> None:
    row = Row("u", name, "failed", full_name, device=labels.get("device", ""))
    test = Details(row, labels=[Parameter(*label) for label in labels.items()])

    assert again.command(test, Journal()) == said


def test_command_has_the_name_that_the_journal_noted(client: TestClient, folder: Path, write: Write) -> None:
    write("test_a", fullName="suites.test_zap.Fast#test_a")
    event = {"kind": "verdict", "test": "suites/test_zap.py::Fast::test_a", "time": 1_790_000_001}
    (folder / FILE).write_text(f'{{"kind": "run", "time": 1790000000}}\n{json.dumps(event)}\n', encoding="utf-8")

    assert '<code id="command">pytest suites/test_zap.py::Fast::test_a</code>' in shown_test(client, "test_a")
