"""Signing in and out: the first admin, sessions, passwords, and what slows who guesses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peopling
import pytest
from browsing import links
from peopling import HERE, PASSWORD, sign_in
from sqlalchemy import update
from starlette.testclient import TestClient
from virtualpytest_dashboard import guard
from virtualpytest_dashboard.people import hidden, schema, sessions, users
from virtualpytest_dashboard.people.sign_in import safe

ORIGIN = {"Origin": HERE}


@pytest.fixture
def app(folder: Path) -> Iterator[Any]:
    """Give a dashboard with users: an admin, root, and a viewer, ben."""
    with peopling.app_of(folder) as app:
        peopling.add(app, "root", "admin")
        peopling.add(app, "ben")
        yield app


@pytest.fixture
def visitor(app: Any) -> TestClient:
    """Give a browser in which nobody has signed in."""
    return peopling.client_of(app)


def test_first_admin_begins_with_a_link_that_works_once(folder: Path) -> None:
    with peopling.app_of(folder) as app:
        browser, secret = peopling.client_of(app), peopling.first_link(app)
        other = peopling.first_link(app)  # of another dashboard over the same database
        said = {"name": "Root", "password": PASSWORD, "again": PASSWORD}
        assert "The first admin" in browser.get(f"/first/{secret}").text

        answer = browser.post(f"/first/{secret}", data=said, headers=ORIGIN)

        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert browser.get("/api/auth").json() == {"name": "root", "role": "admin", "token": None, "scopes": None}
        for spent in (secret, other, "guessed"):
            assert browser.get(f"/first/{spent}").status_code == 404
            assert browser.post(f"/first/{spent}", data=said | {"name": "eve"}, headers=ORIGIN).status_code == 404
        assert [user["name"] for user in browser.get("/api/users").json()["users"]] == ["root"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "Ro ot"}, "begins with a letter or digit"),
        ({"name": ""}, "begins with a letter or digit"),
        ({"password": "short", "again": "short"}, "5 letters; it has 10 at least"),
        ({"password": "aaaaaaaaaaaa", "again": "aaaaaaaaaaaa"}, "fewer than four different letters"),
        ({"name": "longenough1", "password": "LongEnough1", "again": "LongEnough1"}, "it is the name"),
        ({"again": "another battery"}, "the two are not the same"),
    ],
)
def test_what_is_no_name_or_password_is_told_and_the_link_still_works(
    folder: Path, change: dict[str, str], words: str
) -> None:
    with peopling.app_of(folder) as app:
        browser, secret = peopling.client_of(app), peopling.first_link(app)

        answer = browser.post(
            f"/first/{secret}", data={"name": "root", "password": PASSWORD, "again": PASSWORD} | change, headers=ORIGIN
        )

        assert answer.status_code == 422
        assert words in answer.text
        assert browser.get(f"/first/{secret}").status_code == 200


def test_before_the_first_admin_nobody_sees_anything(folder: Path) -> None:
    with peopling.app_of(folder) as app:
        browser = peopling.client_of(app)

        assert browser.get("/api/auth").status_code == 401
        assert browser.get("/", headers={"Accept": "text/html"}).headers["location"] == "/sign-in?next=/"


def test_who_signs_in_is_led_to_what_they_wanted(visitor: TestClient) -> None:
    asked = visitor.get("/measurements?unit=s", headers={"Accept": "text/html"})
    assert asked.headers["location"] == "/sign-in?next=/measurements%3Funit%3Ds"
    assert 'value="/measurements?unit=s"' in visitor.get(asked.headers["location"]).text

    answer = sign_in(visitor, " Ben ", next="/measurements?unit=s")

    assert (answer.status_code, answer.headers["location"]) == (303, "/measurements?unit=s")
    assert visitor.get("/measurements").status_code == 200
    assert links(visitor.get("/").text, "/me") == [f"{HERE}/me"]
    assert visitor.get("/sign-in?next=/lab").headers["location"] == "/lab"


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)", "evil",
     "", "/a\\b", "/a b", "/\r\nSet-Cookie: a=b", "/é"],
)  # fmt: skip
def test_nobody_is_led_elsewhere(wanted: str) -> None:
    assert safe(wanted) == "/"
    assert safe("/runs/a?b=c#d") == "/runs/a?b=c#d"


def test_link_from_another_site_leads_who_is_signed_in_on(app: Any) -> None:
    browser = peopling.client_of(app)
    abroad = {"Accept": "text/html", "Sec-Fetch-Site": "cross-site"}

    page = browser.get("/sign-in?next=/measurements", headers=abroad)  # a strict cookie is not sent from there

    assert 'http-equiv="refresh" content="0;url=/sign-in?next=/measurements"' in page.text
    here = abroad | {"Sec-Fetch-Site": "same-origin"}
    assert "<form" in browser.get("/sign-in?next=/measurements", headers=here).text


def test_cookie_is_out_of_reach_of_scripts_and_of_other_sites(app: Any, visitor: TestClient) -> None:
    plain = sign_in(visitor, "ben").headers["set-cookie"]
    secure = peopling.client_of(app, base="https://127.0.0.1")
    safe_one = sign_in(secure, "ben").headers["set-cookie"]
    proxied = peopling.client_of(app).post(
        "/sign-in", data={"name": "ben", "password": PASSWORD}, headers=ORIGIN | {"X-Forwarded-Proto": "https"}
    )

    assert plain.startswith("virtualpytest=")
    assert safe_one.startswith("__Host-virtualpytest=")
    for words in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert words in plain
        assert words in safe_one
    assert "Secure" not in plain
    assert "Secure" in safe_one
    assert "Secure" in proxied.headers["set-cookie"]
    assert secure.get("/api/auth").json()["name"] == "ben"


def test_secret_of_a_session_is_nowhere_in_the_database(app: Any, visitor: TestClient, folder: Path) -> None:
    sign_in(visitor, "ben")
    secret = visitor.cookies["virtualpytest"]

    written = b"".join(path.read_bytes() for path in (folder / ".virtualpytest").glob("dashboard.sqlite*"))
    assert secret.encode() not in written
    assert PASSWORD.encode() not in written
    assert hidden.digest(secret).encode() in written


def test_session_is_a_new_one_at_each_sign_in(app: Any, visitor: TestClient) -> None:
    visitor.cookies.set("virtualpytest", "planted", domain="127.0.0.1", path="/")
    sign_in(visitor, "ben")
    first = visitor.cookies["virtualpytest"]

    sign_in(visitor, "root")

    second = visitor.cookies["virtualpytest"]
    assert len({"planted", first, second}) == 3
    assert visitor.get("/api/auth").json()["name"] == "root"
    old = peopling.client_of(app)
    old.cookies.set("virtualpytest", first)
    assert old.get("/api/auth").status_code == 401


def test_who_signs_out_is_out(app: Any, visitor: TestClient) -> None:
    sign_in(visitor, "ben")
    secret, page = visitor.cookies["virtualpytest"], visitor.get("/").text
    forged = visitor.post("/sign-out", data={"token": "guessed"}, headers=ORIGIN)
    abroad = visitor.post("/sign-out", data={"token": peopling.page_token(page)}, headers={"Origin": "http://evil"})
    assert (forged.status_code, abroad.status_code) == (403, 403)

    answer = visitor.post("/sign-out", data={"token": peopling.page_token(page)}, headers=ORIGIN)

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert "virtualpytest" not in visitor.cookies
    visitor.cookies.set("virtualpytest", secret)
    assert visitor.get("/api/auth").status_code == 401


@pytest.mark.parametrize("headers", [{}, {"Origin": "null"}, {"Origin": "http://evil.example"}, {"Origin": "http://127.0.0.1:9"}])
def test_nobody_is_signed_in_by_a_foreign_page(visitor: TestClient, headers: dict[str, str]) -> None:
    answer = visitor.post("/sign-in", data={"name": "ben", "password": PASSWORD}, headers=headers)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_program_signs_in_acts_and_signs_out(app: Any) -> None:
    program = peopling.client_of(app)
    refused = program.post("/api/auth", json={"name": "ben", "password": "wrong"})
    abroad = program.post("/api/auth", json={"name": "ben", "password": PASSWORD}, headers={"Origin": "http://evil"})
    told = program.post("/api/auth", json={"name": "ben", "password": PASSWORD})
    acting = {"Origin": HERE, "X-Virtualpytest-Token": told.json()["token"]}

    assert (refused.status_code, abroad.status_code, told.status_code) == (401, 403, 200)
    assert refused.json() == {"error": "The name or the password is wrong."}
    assert program.request("DELETE", "/api/auth", headers={"Origin": HERE}).status_code == 403
    assert program.request("DELETE", "/api/auth", headers=acting).status_code == 200
    assert program.get("/api/auth").status_code == 401


@pytest.mark.parametrize(("column", "seconds"), [("seen", sessions.IDLE), ("created", sessions.WHOLE)])
def test_session_ends_by_itself(app: Any, column: str, seconds: float) -> None:
    with app.state.kept.reading() as connection:
        ben = users.named(connection, "ben").id
    browser = peopling.client_of(app, ben)

    def aged(by: float) -> int:
        with app.state.kept.writing() as connection:
            connection.execute(update(schema.SESSION).values({column: time.time() - by}))
        return browser.get("/api/auth").status_code

    assert aged(seconds - 60) == 200
    assert aged(seconds + 60) == 401


def test_ones_sessions_are_listed_and_ended_by_oneself_and_by_an_admin(app: Any) -> None:
    with app.state.kept.reading() as connection:
        root, ben = (users.named(connection, name).id for name in ("root", "ben"))
    here, there, admin = (peopling.client_of(app, user) for user in (ben, ben, root))
    listed = here.get("/api/sessions").json()["sessions"]
    assert [one["this"] for one in listed] == [False, True]
    assert all("digest" not in one for one in listed)

    assert here.request("DELETE", f"/api/sessions/{listed[0]['id']}").status_code == 200
    assert there.get("/api/auth").status_code == 401
    foreign = admin.get("/api/sessions").json()["sessions"][0]["id"]
    assert here.request("DELETE", f"/api/sessions/{foreign}").status_code == 404
    assert admin.get("/api/auth").status_code == 200

    assert admin.request("DELETE", f"/api/sessions/{listed[1]['id']}").status_code == 200
    assert here.get("/api/auth").status_code == 401
    assert admin.request("DELETE", "/api/sessions/99999999999999999999").status_code == 404


def test_another_password_ends_the_other_sessions(app: Any) -> None:
    with app.state.kept.reading() as connection:
        ben = users.named(connection, "ben").id
    here, there = peopling.client_of(app, ben), peopling.client_of(app, ben)

    wrong = here.patch("/api/auth", json={"password": "not this one", "new": "a whole other one"})
    assert (wrong.status_code, there.get("/api/auth").status_code) == (403, 200)
    short = here.patch("/api/auth", json={"password": PASSWORD, "new": "short"})
    assert (short.status_code, there.get("/api/auth").status_code) == (422, 200)
    assert here.patch("/api/auth", json={"password": PASSWORD, "new": "a whole other one"}).status_code == 200

    assert (here.get("/api/auth").status_code, there.get("/api/auth").status_code) == (200, 401)
    assert sign_in(peopling.client_of(app), "ben").status_code == 401
    assert sign_in(peopling.client_of(app), "ben", "a whole other one").status_code == 303


def test_cookie_alone_does_not_act(app: Any) -> None:
    with app.state.kept.reading() as connection:
        root = users.named(connection, "root").id
    admin, other = peopling.client_of(app, root), peopling.client_of(app, root)
    token, foreign = admin.headers.pop(guard.TOKEN), other.headers[guard.TOKEN]
    admin.headers.pop("Origin")

    def made(**headers: str) -> int:
        words = {name.replace("_", "-"): value for name, value in headers.items()}
        return admin.post("/api/teams", json={"name": "racks"}, headers=words).status_code

    assert made() == 403
    assert made(Origin=HERE) == 403
    assert made(X_Virtualpytest_Token=token) == 403
    assert made(Origin="http://evil.example", X_Virtualpytest_Token=token) == 403
    assert made(Origin=HERE, X_Virtualpytest_Token=foreign) == 403  # of another session
    plain = {"Content-Type": "text/plain", "Origin": HERE, guard.TOKEN: token}
    assert admin.post("/api/teams", content='{"name": "racks"}', headers=plain).status_code == 415
    assert admin.get("/api/teams").json() == {"teams": []}
    assert made(Origin=HERE, X_Virtualpytest_Token=token) == 200
