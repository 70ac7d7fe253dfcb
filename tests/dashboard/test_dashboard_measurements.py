"""What tests measured: kept from the journals, summed up, drawn, and listed where it is outside of its limits."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from browsing import client_of, links, plain
from sqlalchemy import URL
from starlette.testclient import TestClient
from virtualpytest_dashboard import charts, measurements
from virtualpytest_dashboard.journal import FILE
from virtualpytest_dashboard.records import Figure
from virtualpytest_dashboard.results import Folder
from virtualpytest_dashboard.store.database import Database
from virtualpytest_dashboard.store.measurements import newest, summaries

BOTH_STORES = "soak"

T = 1_790_000_000
HOSTILE = '<script>alert("x")</script>'
LIMITED = {"unit": "s", "maximum": 2.0}


def measured(folder: Path, *tests: tuple[str, float], at: int = 0, **more: Any) -> Path:
    """Write a run whose tests, each on a *device*, measured a *zap* each."""
    folder.mkdir(parents=True, exist_ok=True)
    tell(folder, {"kind": "run", "time": T + at})
    for number, (device, value) in enumerate(tests):
        stop = T + at + 10 * number + 5
        write(folder, f"{folder.name}-{number}", number, device, stop)
        tell(folder, verdict(number, stop, {"name": "zap", "value": value, **LIMITED, **more}))
    tell(folder, {"kind": "end", "time": T + at + 900})
    os.utime(folder, (T + at, T + at))
    return folder


def write(folder: Path, uuid: str, number: int, device: str, stop: float) -> None:
    result = {
        "name": f"test_zap[{number}]", "fullName": "tests.test_box#test_zap", "status": "passed", "uuid": uuid,
        "historyId": f"h{number}", "start": (stop - 4) * 1000, "stop": stop * 1000,
        "labels": [{"name": "device", "value": device}, {"name": "host", "value": "rack1"}],
    }  # fmt: skip
    (folder / f"{uuid}-result.json").write_text(json.dumps(result), encoding="utf-8")


def tell(folder: Path, event: Mapping[str, Any]) -> None:
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(event) + "\n")


def verdict(number: int, time: float, *figures: object) -> Mapping[str, Any]:
    test = f"tests/test_box.py::test_zap[{number}]"
    return {"kind": "verdict", "time": time, "test": test, "data": {"outcome": "passed", "measurements": list(figures)}}


def kept(folder: Path, database: Database | None = None) -> list[Figure]:
    run = Folder(folder, "night", "night", database)
    run.run()
    return run.ask(lambda connection, number: newest(connection, [number], "zap", 1000))


@pytest.fixture
def nights(tmp_path: Path, database: URL | None) -> Iterator[TestClient]:
    """Give a client of two nights, which has seen both."""
    measured(tmp_path / "monday", *[("stb1", value / 10) for value in range(1, 21)])
    measured(tmp_path / "tuesday", ("stb1", 1.0), ("stb2", 3.5), at=86_400)
    with client_of(tmp_path, database=database) as client:
        client.get("/")
        yield client


def test_figures_are_kept_with_the_result_that_they_belong_to(tmp_path: Path) -> None:
    found = kept(measured(tmp_path / "night", ("stb1", 1.0), ("stb2", 2.5)))

    assert [(one.value, one.device, one.host, one.uuid, one.outside) for one in found] == [
        (2.5, "stb2", "rack1", "night-1", True), (1.0, "stb1", "rack1", "night-0", False)
    ]  # fmt: skip


def test_figure_of_a_test_that_was_tried_again_belongs_to_that_attempt(tmp_path: Path) -> None:
    folder = measured(tmp_path / "night", ("stb1", 1.0))
    write(folder, "again", 0, "stb1", T + 50)
    tell(folder, verdict(0, T + 50, {"name": "zap", "value": 9.0}))

    assert {(one.value, one.uuid) for one in kept(folder)} == {(1.0, "night-0"), (9.0, "again")}


def test_result_that_comes_after_its_figure_is_found_later(tmp_path: Path, database: URL | None) -> None:
    folder, store = tmp_path / "night", Database(database or tmp_path / "kept.sqlite")
    folder.mkdir()
    tell(folder, {"kind": "run", "time": T})
    tell(folder, {"kind": "start", "time": T, "test": "tests/test_box.py::test_zap[0]", "device": "stb7"})
    tell(folder, verdict(0, T + 5, {"name": "zap", "value": 1.0}))
    [before] = kept(folder, store)
    write(folder, "late", 0, "stb7", T + 5)

    [after] = kept(folder, store)

    assert (before.uuid, before.device) == ("", "stb7")
    assert (after.uuid, after.value) == ("late", 1.0)


def test_next_run_in_the_same_folder_begins_with_no_figure(tmp_path: Path, database: URL | None) -> None:
    store = Database(database or tmp_path / "kept.sqlite")
    folder = measured(tmp_path / "night", ("stb1", 1.0), ("stb1", 1.1))
    assert len(kept(folder, store)) == 2

    measured(folder, ("stb1", 5.0), at=1000)

    assert [one.value for one in kept(folder, store)] == [5.0]


@pytest.mark.parametrize(
    "figure",
    [None, 7, [], "zap", {"name": "zap"}, {"name": "zap", "value": "1"}, {"name": "zap", "value": None},
     {"name": "zap", "value": float("nan")}, {"name": "zap", "value": float("inf")}, {"name": "zap", "value": 10**400}],
)  # fmt: skip
def test_what_is_no_figure_is_left_out_and_the_rest_is_kept(tmp_path: Path, figure: object) -> None:
    folder = measured(tmp_path / "night", ("stb1", 1.0))
    tell(folder, verdict(0, T + 5, figure, {"name": "zap", "value": 1.5, "unit": None, "minimum": "low"}))

    assert sorted(one.value for one in kept(folder)) == [1.0, 1.5]


def test_percentiles_are_by_nearest_rank_in_the_store_and_on_the_page(tmp_path: Path, database: URL | None) -> None:
    folder = measured(tmp_path / "night", *[("stb1", value / 10) for value in range(1, 22)])
    run = Folder(folder, "night", "night", Database(database))
    run.run()

    [told] = run.ask(lambda connection, number: summaries(connection, [number]))
    figures = run.ask(lambda connection, number: newest(connection, [number], "zap", 100))

    assert (told.count, told.median, told.p95, told.worst, told.outside) == (21, 1.1, 2.0, 2.1, 1)
    assert charts.summarized(figures) == told


@pytest.mark.parametrize(
    ("limits", "worst"),
    [({"maximum": 2}, 9.0), ({"maximum": None, "minimum": 0.5}, 0.1), ({"maximum": None}, 9.0)],
)
def test_worst_is_the_side_on_which_the_limit_is(tmp_path: Path, limits: dict[str, Any], worst: float) -> None:
    figures = kept(measured(tmp_path / "night", ("stb1", 0.1), ("stb1", 9.0), **limits))

    assert charts.summarized(figures).worst == worst


def test_measurements_page_sums_up_each_figure(nights: TestClient) -> None:
    page = nights.get("/measurements").text

    assert "zap 22 1 s 2 s 3.5 s at most 2 s ✕ 1 2 2" in plain(page)
    assert nights.get(links(page, "/measurements/zap")[0]).status_code == 200


def test_figure_page_has_distribution_trend_limit_and_devices(nights: TestClient) -> None:
    page = nights.get("/measurements/zap?unit=s").text

    assert "22 values of 2 runs median 1 s 95 % below 2 s worst 3.5 s limit at most 2 s ✕ 1 outside" in plain(page)
    assert page.count('<line class="limit"') >= 2
    assert re.search(r"tuesday: 2 values, median 1 s, 95 % below 3.5 s, worst 3.5 s, 1 outside", page)
    assert page.index("stb2</a>") < page.index("stb1</a>")  # the worst first
    assert any(link.endswith("/tests/tuesday-1") for link in links(page, "/tests/"))


def test_figure_page_of_one_device(nights: TestClient) -> None:
    page = plain(nights.get("/measurements/zap?unit=s&device=stb2").text)

    assert "zap on stb2" in page
    assert "1 value of 1 run median 3.5 s" in page
    assert nights.get("/measurements/zap?device=stb9").status_code == 404
    assert nights.get("/measurements/volume").status_code == 404


def test_run_page_lists_what_is_outside_of_its_limit(nights: TestClient) -> None:
    index = nights.get("/").text
    monday, tuesday = (nights.get(next(link for link in links(index, "/runs/") if day in link)).text
                       for day in ("monday", "tuesday"))  # fmt: skip

    assert "1 measured value outside of the limit" in plain(tuesday)
    assert "zap ✕ 3.5 s at most 2 s test_zap[1] stb2 rack1" in plain(tuesday)
    assert "outside of the limit" not in plain(monday)


def test_distribution_and_trend_hold_every_value_within_the_picture(tmp_path: Path) -> None:
    for values in ([1.0], [0.0, 0.0], [-5.0, 1e-9, 1e6], [1e299, -1e299], [2.0, 2.0]):
        folder = measured(tmp_path / str(len(list(tmp_path.iterdir()))), *[("stb1", value) for value in values])
        figures = kept(folder)
        scale = charts.Scale.over(figures, charts.summarized(figures))
        columns, [point] = charts.distribution(figures, scale), charts.trend(figures, scale)

        assert sum(column.count for column in columns) == len(values)
        assert all(0 <= column.x <= 97.5 and 0 < column.height <= 100 for column in columns)
        assert all(0 <= y <= 100 for y in (point.median, point.p95, point.worst))
        assert scale.ticks


def test_names_cannot_act_on_a_page_and_odd_ones_are_addresses(tmp_path: Path, database: URL | None) -> None:
    for number, name in enumerate([HOSTILE, "a/b?c#50 %", "größe"]):
        measured(tmp_path / str(number), ("stb1", 9.0), name=name, unit=HOSTILE)
    with client_of(tmp_path, database=database) as client:
        client.get("/")
        page = client.get("/measurements").text
        found = [client.get(link) for link in links(page, "/measurements/")]
        runs = [client.get(link).text for link in links(client.get("/").text, "/runs/")]

    assert [answer.status_code for answer in found] == [200, 200, 200]
    assert not any("<script>alert" in text for text in (page, *runs, *(answer.text for answer in found)))


def test_page_of_many_values_is_made_of_the_newest(nights: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurements, "_NEWEST", 2)

    assert "the newest 2 values of 1 run" in plain(nights.get("/measurements/zap").text)


def test_nothing_measured_is_said(client: TestClient) -> None:
    assert "Nothing was measured" in client.get("/measurements").text


def test_names_of_units_are_apart(tmp_path: Path, database: URL | None) -> None:
    measured(tmp_path / "a", ("stb1", 1.0))
    measured(tmp_path / "b", ("stb1", 900.0), at=50, unit="ms", maximum=2000)
    with client_of(tmp_path, database=database) as client:
        client.get("/")
        rows: Sequence[str] = links(client.get("/measurements").text, "/measurements/zap")
        pages = [plain(client.get(row).text) for row in rows]

    assert [("median 900 ms" in page, "median 1 s" in page) for page in pages] == [(True, False), (False, True)]


def test_firmware_of_a_result_is_that_of_its_figures(nights: TestClient, tmp_path: Path) -> None:
    for name, firmware in {"monday": "24.1", "tuesday": "24.2 & more"}.items():
        for path in (tmp_path / name).glob("*-result.json"):
            result = json.loads(path.read_text(encoding="utf-8"))
            result["labels"].append({"name": "firmware", "value": firmware})
            path.write_text(json.dumps(result), encoding="utf-8")
        os.utime(tmp_path / name)
    nights.get("/")

    page = nights.get("/measurements/zap?unit=s").text
    section = page.partition('<section aria-labelledby="firmware">')[2].partition("</section>")[0]
    newer = next(link for link in links(section, "firmware=") if "24.2" in link)

    assert "24.1 20 1 s 1.9 s 2 s 0" in plain(section)
    assert "zap with 24.2 &amp; more</h1>" in nights.get(newer).text
    assert "2 values of 1 run" in plain(nights.get(newer).text)
    assert "1 value of 1 run" in plain(nights.get(f"{newer}&device=stb2").text)
    assert nights.get(f"{newer}&device=stb9").status_code == 404
