"""A dashboard with users: made in its database, so that few passwords are hashed, and signed in as a browser does."""

from __future__ import annotations

import contextlib
import functools
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient
from virtualpytest_dashboard.app import create_app
from virtualpytest_dashboard.lab.site import Site
from virtualpytest_dashboard.people import hidden, links, sessions, teams, tokens, users

HERE = "http://127.0.0.1"
PASSWORD = "correct horse battery"


@functools.cache
def kept_password() -> str:
    """Return what is kept of `PASSWORD`, hashed once for all tests."""
    return hidden.of_password(PASSWORD)


@contextlib.contextmanager
def app_of(folder: Path, lab: str = "", **options: Any) -> Iterator[Any]:
    """Give the dashboard with users over *folder*, and over the lab file *lab* if there is one."""
    with contextlib.ExitStack() as closing:
        if lab:
            (folder / "lab.toml").write_text(lab, encoding="utf-8")
            options["lab"] = closing.enter_context(contextlib.closing(Site([folder / "lab.toml"])))
        app = create_app([folder], **{"users": True, **options})
        closing.callback(app.state.kept.close)
        closing.callback(app.state.folders.close)
        yield app


def add(app: Any, name: str, role: str = "viewer", *in_teams: str) -> int:
    """Make a user with `PASSWORD`, in teams that are made where they are not there, and return the number."""
    with app.state.kept.writing() as connection:
        number = users.add(connection, name, role, kept_password())
        for team in in_teams:
            if team not in [known.name for known in teams.every(connection)]:
                teams.add(connection, team)
        teams.set_teams(connection, number, in_teams)
    return number


def own(app: Any, team: str, **owns: list[str]) -> None:
    """Let *team* own things, by kind."""
    with app.state.kept.writing() as connection:
        if team not in [known.name for known in teams.every(connection)]:
            teams.add(connection, team)
        teams.set_owned(connection, team, owns)


def client_of(app: Any, user: int = 0, base: str = HERE) -> TestClient:
    """Return a browser, in which *user* has a session already."""
    client = TestClient(app, base_url=base, follow_redirects=False)
    if user:
        with app.state.kept.writing() as connection:
            secret = sessions.begin(connection, user, "127.0.0.1", "test")
        client.cookies.set("virtualpytest", secret)
        client.headers |= {"Origin": base, "X-Virtualpytest-Token": sessions.page_token(secret)}
    return client


def program_of(app: Any, user: int, *scopes: str, days: float = 1) -> TestClient:
    """Return a program that acts for *user* with a token."""
    with app.state.kept.writing() as connection:
        _, secret = tokens.add(connection, user, "ci", scopes, time.time() + 86400 * days)
    return TestClient(app, base_url=HERE, headers={"Authorization": f"Bearer {secret}"}, follow_redirects=False)


def first_link(app: Any) -> str:
    """Return the secret of a link for the first admin."""
    with app.state.kept.writing() as connection:
        return links.add(connection)


def sign_in(client: TestClient, name: str, password: str = PASSWORD, **more: str) -> Any:
    """Return the answer to the form of the page, as a browser sends it."""
    form = {"name": name, "password": password, **more}
    return client.post("/sign-in", data=form, headers={"Origin": str(client.base_url)})


def page_token(page: str) -> str:
    """Return the token that *page* sends when it acts."""
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    return found[1]
