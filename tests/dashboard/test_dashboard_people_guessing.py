"""Who guesses passwords is slowed, learns nothing of names, and leaves nothing that was typed by mistake."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import peopling
import pytest
from argon2 import PasswordHasher
from peopling import PASSWORD, sign_in
from sqlalchemy import URL, update
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient
from virtualpytest_dashboard.people import attempts, hidden, schema, users

BOTH_STORES = "soak"


@pytest.fixture
def app(folder: Path, database: URL | None) -> Iterator[Any]:
    """Give a dashboard with users: an admin, root, and a viewer, ben."""
    with peopling.app_of(folder, database=database) as app:
        peopling.add(app, "root", "admin")
        peopling.add(app, "ben")
        yield app


@pytest.fixture
def visitor(app: Any) -> TestClient:
    """Give a browser in which nobody has signed in."""
    return peopling.client_of(app)


def test_password_kept_with_lesser_parameters_is_kept_anew(app: Any, visitor: TestClient) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    with app.state.kept.writing() as connection:
        connection.execute(update(schema.USER).values(password=weak))

    sign_in(visitor, "ben")

    with app.state.kept.reading() as connection:
        kept = users.password(connection, "ben")[1]
    assert kept != weak
    assert not hidden.outdated(kept)
    assert sign_in(peopling.client_of(app), "ben").status_code == 303


def test_who_guesses_waits_whether_the_name_is_known_or_not(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_SHORTEST", 200.0)
    for name in ("ben", "nobody"):
        answers = [sign_in(peopling.client_of(app), name, "a wrong one").status_code for _ in range(4)]
        assert answers == [401, 401, 401, 429], name

    waiting = sign_in(peopling.client_of(app), "ben")
    assert waiting.status_code == 429
    assert int(waiting.headers["retry-after"]) > 100
    assert "Too many failures: wait" in waiting.text
    assert peopling.client_of(app).post("/api/auth", json={"name": "ben", "password": PASSWORD}).status_code == 429
    assert sign_in(peopling.client_of(app), "root").status_code == 303


def test_many_guesses_at_once_are_slowed_as_those_after_each_other(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_SHORTEST", 200.0)

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: sign_in(peopling.client_of(app), "ben", "a wrong one"), range(12)))

    assert sorted(answer.status_code for answer in answers) == [401] * 3 + [429] * 9


def test_flood_of_passwords_leaves_pages_their_threads(visitor: TestClient) -> None:
    with contextlib.ExitStack() as line:
        for _ in range(12):
            line.enter_context(hidden._IN_LINE)

        refused = sign_in(visitor, "ben")

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert sign_in(visitor, "ben").status_code == 303


def test_waits_double_up_to_five_minutes_and_are_forgotten(app: Any) -> None:
    who, now, waits = {"account": "x", "address": "192.0.2.7"}, 1e9, []
    for _ in range(16):
        with app.state.kept.writing() as connection:
            attempts.begin(connection, who, now)
        waits.append(attempts.wait("account", len(waits) + 1))
        now += waits[-1]

    assert waits[:8] == [0, 0, 2, 4, 8, 16, 32, 64]
    assert waits[-1] == 300
    with app.state.kept.writing() as connection:
        attempts.begin(connection, who, now + 2 * 86400)
        attempts.begin(connection, who, now + 2 * 86400)  # no wait after one failure


def test_address_that_guesses_at_many_names_waits_too(app: Any) -> None:
    def tried(name: str) -> bool:
        with app.state.kept.writing() as connection:
            attempts.begin(connection, {"account": name, "address": "192.0.2.7"}, 1e9)
        return True

    assert all(tried(f"name{number}") for number in range(20))
    with pytest.raises(HTTPException, match="429"):
        tried("another")


def test_unknown_name_takes_as_long_as_a_known_one() -> None:
    kept = peopling.kept_password()
    hidden.fits("", "warm")  # makes what nobody's password is compared with

    def took(known: str) -> float:
        begin = time.process_time()
        assert not hidden.fits(known, "a wrong one")
        return time.process_time() - begin

    known, unknown = min(took(kept) for _ in range(2)), min(took("") for _ in range(2))
    assert known > 0.005
    assert 0.5 < unknown / known < 2


def test_name_that_is_a_password_by_mistake_is_nowhere_kept(app: Any, visitor: TestClient, folder: Path) -> None:
    sign_in(visitor, "hunter2-is-my-password", "x")

    written = b"".join(path.read_bytes() for path in (folder / ".virtualpytest").glob("dashboard.sqlite*"))
    assert b"hunter2" not in written
