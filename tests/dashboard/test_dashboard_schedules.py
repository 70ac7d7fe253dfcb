"""Schedules of campaigns: when they are due, which dashboard begins them, and what becomes of each time."""

from __future__ import annotations

import contextlib
import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import labs
import pytest
from browsing import ours
from campaigning import await_end, mark
from sqlalchemy import URL
from starlette.testclient import TestClient
from virtualpytest_dashboard.campaigns.cron import Times
from virtualpytest_dashboard.campaigns.scheduler import LATE, Scheduler
from virtualpytest_dashboard.campaigns.schedules import Plan, Schedules
from virtualpytest_dashboard.lab.site import Site
from virtualpytest_dashboard.store import keeping
from virtualpytest_dashboard.store.database import Database

from pytest_virtualpytest.exceptions import ConfigError
from pytest_virtualpytest.gateway import Gateways

LAB = """
[devices.seat1]
kind = "account"
resources = ["account:{name}"]
[campaigns.night]
tests = ["tests/test_none.py"]
results = "results/night"
"""
BOTH_STORES = True
PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 6, 1, 12, tzinfo=PARIS).timestamp()
DAY = 86_400
NOONS = Plan(campaign="night", cron="0 12 * * *", zone="Europe/Paris")


class Clock:
    """A clock that tests set."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder of a lab file, whose campaign goes on already; its runs end at once: its tests are not there."""
    (tmp_path / "lab.toml").write_text(LAB.format(name=tmp_path.name))
    mark(tmp_path / "results" / "night", "night")
    return tmp_path


def unmark(folder: Path) -> None:
    """Have no run of the campaign go on."""
    mark(folder / "results" / "night", "night").unlink()


def runs(folder: Path) -> int:
    """Return how many runs there were."""
    await_end(folder / "lab.toml")
    return len(list((folder / "results" / "night").glob("2*")))


@pytest.fixture
def kept(folder: Path) -> Iterator[Database]:
    """Give the database of what people make."""
    with contextlib.closing(keeping.beside([folder])) as kept:
        yield kept


@pytest.fixture
def look(folder: Path, kept: Database) -> Iterator[Callable[[float], list[tuple[int, str, str]]]]:
    """Give a function that has a scheduler look at a moment, and returns what has become of each time so far."""
    with contextlib.closing(Site([folder / "lab.toml"])) as site:

        def look(now: float) -> list[tuple[int, str, str]]:
            Scheduler(site, kept, Clock(now)).look()
            return [(firing.due, firing.outcome, firing.why) for firing in Schedules(kept).history()]

        yield look


def local(times: list[int]) -> list[str]:
    return [f"{datetime.fromtimestamp(due, PARIS):%d %H:%M %z}" for due in times]


@pytest.mark.parametrize(
    ("cron", "begin", "wanted"),
    [
        # a time that the clock leaps over comes right after the leap, once
        ("30 2 * * *", (2026, 3, 28, 12), ["29 03:00 +0200", "30 02:30 +0200", "31 02:30 +0200"]),
        ("0 2,3 * * *", (2026, 3, 28, 12), ["29 03:00 +0200", "30 02:00 +0200", "30 03:00 +0200"]),
        # one that it comes to twice counts the first time
        ("30 2 * * *", (2026, 10, 24, 12), ["25 02:30 +0200", "26 02:30 +0100", "27 02:30 +0100"]),
        # each half hour is one, whatever the clock shows
        ("*/30 * * * *", (2026, 3, 29, 1), ["29 01:30 +0100", "29 03:00 +0200", "29 03:30 +0200"]),
        ("*/30 * * * *", (2026, 10, 25, 2), ["25 02:30 +0200", "25 02:00 +0100", "25 02:30 +0100"]),
    ],
)  # fmt: skip
def test_clock_that_is_put_forward_or_back(cron: str, begin: tuple[int, ...], wanted: list[str]) -> None:
    times = Times(cron, "Europe/Paris")

    found = times.after(datetime(*begin, tzinfo=PARIS).timestamp(), 3)  # type: ignore[arg-type, misc]

    assert local(found) == wanted
    for due, following in itertools.pairwise(found):
        assert [times.latest(moment) for moment in (due, due + 1, following - 1)] == [due] * 3


@pytest.mark.parametrize(
    ("cron", "zone", "said"),
    [
        ("61 * * * *", "UTC", "cron '61 * * * *': the minute cannot be: minute (0-59), hour"),
        ("0 0 31 2 *", "UTC", "the day of the month cannot be"),
        ("* * * *", "UTC", "4 fields, not five: minute (0-59), hour (0-23)"),
        ("* * * * * *", "UTC", "6 fields, not five"),
        ("0 0 * * *", "Europe/Pari", "no such time zone; did you mean 'Europe/Paris'?"),
        ("0 0 * * *", "../../etc/passwd", "no such time zone; write one such as 'Europe/Paris' or 'UTC'"),
    ],
)
def test_what_is_no_time_is_told_with_what_would_do(cron: str, zone: str, said: str) -> None:
    with pytest.raises(ConfigError) as told:
        Times(cron, zone)

    assert said in str(told.value)


def test_time_is_fired_once_by_three_dashboards_of_one_database(folder: Path, database: URL | None) -> None:
    unmark(folder)
    kept = keeping.at([folder], database)
    Schedules(kept, Clock(NOON - 1)).make(NOONS)
    where = database.render_as_string(hide_password=False) if database else ""
    program = (
        "import sys; from pathlib import Path; from sqlalchemy import make_url\n"
        "from virtualpytest_dashboard.store import keeping\n"
        "database = make_url(sys.argv[3]) if sys.argv[3] else None\n"
        "from virtualpytest_dashboard.campaigns.scheduler import Scheduler\n"
        "from virtualpytest_dashboard.lab.site import Site\n"
        "scheduler = Scheduler(Site([sys.argv[1] + '/lab.toml']), keeping.at([Path(sys.argv[1])], database),"
        " lambda: float(sys.argv[2]))\n"
        "print('ready', flush=True); sys.stdin.readline(); scheduler.look()\n"
    )
    command = [sys.executable, "-c", program, str(folder), str(NOON + 1), where]
    with contextlib.ExitStack() as ends:
        begun = [
            ends.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            for _ in range(3)
        ]
        for process in begun:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        for process in begun:
            process.communicate("go\n", timeout=60)

    assert [process.returncode for process in begun] == [0, 0, 0]
    with contextlib.closing(kept):
        assert [(one.due, one.outcome) for one in Schedules(kept).history()] == [(NOON, "started")]
    assert runs(folder) == 1


def test_missed_time_is_skipped_and_the_next_one_is_not(kept: Database, look: Callable[[float], Any]) -> None:
    Schedules(kept, Clock(NOON - DAY / 2)).make(NOONS)

    off = look(NOON + 3 * DAY + LATE + 1)
    on = look(NOON + 4 * DAY + LATE - 1)

    assert off == [(NOON + 3 * DAY, "skipped", "dashboard was off: 4 times")]
    assert on == [(NOON + 4 * DAY, "skipped", "still running"), *off]
    assert look(NOON + 4 * DAY + LATE) == on


def test_missed_times_are_caught_up_once(kept: Database, look: Callable[[float], Any]) -> None:
    Schedules(kept, Clock(NOON - DAY / 2)).make(NOONS.model_copy(update={"catch_up": True}))

    found = look(NOON + 2 * DAY + 3600)

    assert found == [(NOON + 2 * DAY, "skipped", "dashboard was off: 3 times; once for all; still running")]
    assert look(NOON + 2 * DAY + 3601) == found


def test_times_that_were_missed_show_beside_one_that_was_not(kept: Database, look: Callable[[float], Any]) -> None:
    Schedules(kept, Clock(NOON - DAY / 2)).make(NOONS)

    assert look(NOON + DAY + 1) == [(NOON + DAY, "skipped", "still running"), (NOON, "skipped", "dashboard was off")]


def test_paused_schedule_lets_its_times_pass(kept: Database, look: Callable[[float], Any]) -> None:
    made = Schedules(kept, Clock(NOON - 60)).make(NOONS)
    Schedules(kept, Clock(NOON - 30)).pause(made.id)

    assert look(NOON + 1) == []
    assert Schedules(kept, Clock(NOON + 2)).pause(made.id, active=True).active
    assert look(NOON + 3) == []
    assert look(NOON + DAY) == [(NOON + DAY, "skipped", "still running")]


def test_campaign_that_is_gone_and_lab_file_with_mistakes_are_reasons(
    folder: Path, kept: Database, look: Callable[[float], Any]
) -> None:
    Schedules(kept, Clock(NOON - 1)).make(NOONS.model_copy(update={"campaign": "day"}))

    assert look(NOON) == [(NOON, "skipped", "no such campaign: day")]

    (folder / "lab.toml").write_text("[devices.x]\nkin = 1\n")
    with contextlib.closing(Site([folder / "lab.toml"])) as site:
        Scheduler(site, kept, Clock(NOON + DAY)).look()
    assert Schedules(kept).history()[0].why.startswith("lab file has mistakes: ")
    assert "devices.x.kin: unknown key" in Schedules(kept).history()[0].why


def test_held_devices_are_a_reason_to_skip_or_to_wait(
    folder: Path, kept: Database, look: Callable[[float], Any]
) -> None:
    unmark(folder)
    schedules = Schedules(kept, Clock(NOON - 1))
    schedules.make(NOONS)
    schedules.make(NOONS.model_copy(update={"busy": "queue"}))
    with contextlib.closing(Site([folder / "lab.toml"])) as site, held(site):
        found = look(NOON)

        assert [(outcome, why) for _, outcome, why in found] == [
            ("skipped", "its devices are held: seat1 by ben, run 4f6b, test_zap"),
            ("queued", "its devices are held: seat1 by ben, run 4f6b, test_zap"),
        ]
        assert runs(folder) == 0

    look(NOON + 1)
    assert runs(folder) == 1
    look(NOON + 2)
    assert runs(folder) == 1


@contextlib.contextmanager
def held(site: Site) -> Iterator[None]:
    """Hold the lab's device, as somebody's test does."""
    bench = site.bench()
    assert bench
    with contextlib.closing(Gateways(bench.lab.hosts)) as gateways:
        gateway = gateways.of("local")
        gateway.attach(bench.lab.devices["seat1"].spec())
        gateway.lease("seat1", labs.BEN)
        yield


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    """Give a client of a dashboard with --control."""
    with labs.client_of(folder, LAB.format(name=folder.name), control=True) as client:
        yield client


def post(client: TestClient, path: str, **body: Any) -> Any:
    return client.post(f"/api/schedules{path}", json=body, headers=ours(client))


def test_schedule_is_made_changed_paused_and_deleted(client: TestClient) -> None:
    made = post(client, "", campaign="night", cron="30 2 * * *", zone="Europe/Paris").json()
    assert len(made["next"]) == 3
    assert {f"{datetime.fromtimestamp(due, PARIS):%H:%M}" for due in made["next"]} <= {"02:30", "03:00"}
    page = client.get("/lab/schedules").text
    assert f"{datetime.fromtimestamp(made['next'][0], PARIS):%a %Y-%m-%d %H:%M %Z}" in page

    changed = post(client, f"/{made['id']}", campaign="night", cron="0 4 * * *", busy="queue", catch_up=True).json()
    assert [changed[word] for word in ("cron", "zone", "busy", "catch_up")] == ["0 4 * * *", "UTC", "queue", True]
    assert post(client, f"/{made['id']}/pause").json()["next"] == []
    assert len(post(client, f"/{made['id']}/continue").json()["next"]) == 3

    assert post(client, f"/{made['id']}/delete").status_code == 200
    assert client.get("/api/schedules").json() == {"schedules": [], "history": []}
    assert post(client, f"/{made['id']}/pause").status_code == 404


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"campaign": "nigt", "cron": "* * * * *"}, "no campaign 'nigt'; did you mean 'night'?"),
        ({"campaign": "night", "cron": "* *"}, "2 fields, not five"),
        ({"campaign": "night", "cron": "0 0 * * *", "zone": "Mars"}, "no such time zone"),
        ({"campaign": "night", "cron": "9" * 5000 + " * * * *"}, "cron: String should have at most 200"),
        ({"campaign": "night", "cron": "0 0 * * *", "busy": "perhaps"}, "busy"),
        ({"campaign": "night", "cron": "0 0 * * *", "more": 1}, "more"),
        ({}, "campaign: Field required"),
    ],
)
def test_schedule_that_cannot_be_is_refused(client: TestClient, body: dict[str, Any], said: str) -> None:
    answer = post(client, "", **body)

    assert answer.status_code == 422
    assert said in answer.json()["error"]
    assert client.get("/api/schedules").json()["schedules"] == []


def test_only_our_own_pages_of_a_dashboard_that_acts_may(client: TestClient, folder: Path) -> None:
    for path in ("schedules", "schedules/1", "schedules/1/pause", "schedules/1/delete", "queue/1/withdraw"):
        assert client.post(f"/api/{path}", json={}).status_code == 403
    with labs.client_of(folder, LAB.format(name=folder.name)) as looking:
        assert "data-act" not in looking.get("/lab/schedules").text
