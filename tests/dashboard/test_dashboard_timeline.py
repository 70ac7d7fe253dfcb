"""The timeline of a run: lanes are devices, bars are tests, gaps can be seen."""

from __future__ import annotations

import html
import json
import re
import time
from pathlib import Path
from typing import Any

from browsing import Write, client_of, links, plain, run_page
from starlette.testclient import TestClient
from virtualpytest_dashboard.lanes import Window, lanes
from virtualpytest_dashboard.records import Row

T = 1_790_000_000_000
HOSTILE = '<script>alert("x")</script>'


def on(device: str, **more: Any) -> dict[str, Any]:
    """Return the members of a result on *device*."""
    return {"labels": [{"name": "device", "value": device}, {"name": "host", "value": "rack1"}], **more}


def timeline(client: TestClient, query: str = "") -> str:
    [address] = links(run_page(client), "/timeline")
    answer = client.get(address + query)
    assert answer.status_code == 200
    return answer.text


def bars(page: str) -> list[str]:
    """Return what the bars on *page* say."""
    return [html.unescape(said).strip() for said in re.findall(r"<title>([^<]*)</title><rect", page.replace("\n", ""))]


def test_each_device_has_a_lane_with_its_tests_and_its_longest_gap(client: TestClient, write: Write) -> None:
    write("test_zap", **on("stb1"))
    write("test_guide", "failed", **on("stb2"))
    write("test_power", **on("stb1"))

    page = timeline(client)

    assert "stb1 rack1 14 % busy, longest gap 18.5 s" in plain(page)
    assert "stb2 rack1 7 % busy" in plain(page)
    assert sorted(said.split(",")[0].strip() for said in bars(page)) == [
        "test_guide failed", "test_power passed", "test_zap passed"
    ]  # fmt: skip
    assert client.get(next(link for link in links(page, "/tests/") if link.endswith("uuid-1"))).status_code == 200


def test_test_on_two_devices_is_in_both_lanes_and_one_without_has_its_own(client: TestClient, write: Write) -> None:
    both = [{"name": "device", "value": "stb1"}, {"name": "device", "value": "stb2"}]
    write("test_cast", labels=both)
    write("test_plain")

    page = timeline(client)

    assert [said.partition(" ")[0] for said in bars(page)] == ["test_plain", "test_cast", "test_cast"]
    assert "no device" in plain(page)


def test_ten_thousand_tests_are_few_bars_and_none_is_left_out() -> None:
    rows = [Row(str(at), "t", "failed" if at == 5000 else "passed", device=f"stb{at % 8}", start=T + at * 1000,
                stop=T + at * 1000 + 900) for at in range(10_000)]  # fmt: skip
    window = Window.over(rows)

    drawn = [window.bars(track, 100) for lane in lanes(rows, window) for track in lane.tracks]

    assert all(len(track) <= 100 for track in drawn)
    assert sum(len(bar.rows) for track in drawn for bar in track) == 10_000
    [red] = [bar for track in drawn for bar in track if bar.bad]
    assert red.verdict == "failed"
    assert red.counts == {"failed": 1, "passed": len(red.rows) - 1}
    assert all(bar.x >= 0 and bar.x + bar.width <= 100.01 for track in drawn for bar in track)


def test_several_tests_in_one_bar_lead_closer_to_each_of_them(client: TestClient, write: Write) -> None:
    for number in range(20):
        write(f"test_{number}", **on("stb1", start=T + number * 10, stop=T + number * 10 + 8))
    write("test_late", **on("stb1", start=T + 3_600_000, stop=T + 3_600_100))

    page = timeline(client)
    [closer] = re.findall(r'href="[^"]*(\?[^"]*)"><title>20 tests: 20 passed', page)

    assert len(bars(timeline(client, html.unescape(closer)))) == 20


def test_tests_at_the_same_time_in_one_lane_lie_below_each_other() -> None:
    rows = [Row(str(at), "t", "passed", start=T + at, stop=T + 1000) for at in range(3)]

    [lane] = lanes(rows, Window.over(rows))

    assert [len(track) for track in lane.tracks] == [1, 1, 1]
    assert lane.busy == 1


def test_running_test_grows_until_now(folder: Path, client: TestClient) -> None:
    now = time.time()
    events = [
        {"kind": "run", "time": now - 30}, {"kind": "plan", "data": {"tests": ["a.py::test_slow", "a.py::test_next"]}},
        {"kind": "start", "time": now - 20, "test": "a.py::test_slow", "device": "stb1"},
    ]  # fmt: skip
    (folder / "virtualpytest-run.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))

    page = timeline(client)

    [said] = bars(page)
    assert said.startswith("test_slow running")
    assert int(re.findall(r"(\d+)\.\d s", said)[-1]) >= 20
    assert "data-events=" in page


def test_nonsense_for_a_piece_of_time_shows_all_of_it(client: TestClient, write: Write) -> None:
    write("test_zap", **on("stb1"))

    for query in ("?from=x&to=1", "?from=9&to=3", f"?from={10**13}&to={10**14 - 1}", "?from=²&to=³", "?page=99"):
        assert len(bars(timeline(client, query))) == 1, query


def test_names_cannot_act_on_the_page(client: TestClient, write: Write) -> None:
    write(HOSTILE, **on(HOSTILE))

    assert "<script>alert" not in timeline(client)


def test_run_in_which_nothing_began_has_no_timeline_to_lead_to(folder: Path) -> None:
    (folder / "a-result.json").write_text(json.dumps({"name": "t", "status": "passed", "uuid": "a"}))
    with client_of(folder) as client:
        page = run_page(client)
        address = links(client.get("/").text, "/runs/")[0] + "/timeline"

        assert links(page, "/timeline") == []
        assert "No test has begun." in client.get(address).text
