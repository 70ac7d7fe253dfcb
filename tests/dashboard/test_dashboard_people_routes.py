"""Who may ask for what: every route of the app, tried as everybody, so that a new one cannot be forgotten."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import peopling
import pytest
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from virtualpytest_dashboard import needs
from virtualpytest_dashboard.people.own import Scope
from virtualpytest_dashboard.people.schema import SESSION

LAB = """
[hosts.gone]
python = "/nowhere/python"
[devices.far]
kind = "tv"
host = "gone"
"""
RANK = {"": 0, "viewer": 1, "tester": 2, "admin": 3}
ENTRIES = {"sign-in-form", "first-form", "api-sign-in"}  # all that acts, and that nobody has to be signed in for
CONVERTED = {"int": "7", "path": "nothing/here"}


@dataclass(frozen=True)
class Asked:
    """One route with one of its methods; *needs* is its row."""

    name: str
    method: str
    path: str
    needs: str

    def of(self, client: TestClient) -> Any:
        """Return the answer to *client*."""
        body: dict[str, Any] = {} if self.method == "GET" else {"json": {}}
        return client.request(self.method, self.path, headers={"Origin": peopling.HERE}, **body)


def asked(routes: Any) -> Iterator[Asked]:
    """Yield each address of *routes*, with names in it of things that are not there."""
    for route in routes:
        row = needs.NEEDS.get(route.name, "")
        path = re.sub(r"{\w+:?(\w*)}", lambda found: CONVERTED.get(found[1], "nothing"), route.path)
        if isinstance(route, Mount):
            yield Asked(route.name, "GET", f"{path}/people.css", row)
        elif isinstance(route, WebSocketRoute):
            yield Asked(route.name, "WEBSOCKET", path, row)
        else:
            assert isinstance(route, Route), f"{route}: what is it?"
            yield from (Asked(route.name, method, path, row) for method in (route.methods or {"GET"}) - {"HEAD"})


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Give a dashboard with a lab, whose device a team owns, and one user of each role."""
    with peopling.app_of(tmp_path_factory.mktemp("night"), LAB) as app:
        for number, role in enumerate(("viewer", "tester", "admin"), 1):
            assert peopling.add(app, role, role) == number
        peopling.add(app, "foreign", "viewer", "elsewhere")
        peopling.own(app, "here", device=["far"])
        yield app


def session(user: int) -> Callable[[Any], TestClient]:
    return lambda app: peopling.client_of(app, user)


def token(user: int, *scopes: str, days: float = 1) -> Callable[[Any], TestClient]:
    return lambda app: peopling.program_of(app, user, *scopes, days=days)


def revoked(app: Any) -> TestClient:
    client = peopling.program_of(app, 3, *needs.SCOPES)
    number = peopling.client_of(app, 3).get("/api/tokens").json()["tokens"][0]["id"]
    assert peopling.client_of(app, 3).request("DELETE", f"/api/tokens/{number}").status_code == 200
    return client


def signed_out(app: Any) -> TestClient:
    client = peopling.client_of(app, 3)
    with app.state.kept.writing() as connection:
        connection.execute(SESSION.delete().where(SESSION.c.user == 3))
    return client


def planted(app: Any) -> TestClient:
    client = peopling.client_of(app)
    client.cookies.set("virtualpytest", "planted")
    return client


# who asks: how, their role, and the scopes of a token; None is a session's: all, and what is for people alone
EVERYBODY: dict[str, tuple[Callable[[Any], TestClient], str, tuple[str, ...] | None]] = {
    "nobody": (peopling.client_of, "", ()),
    "viewer": (session(1), "viewer", None),
    "tester": (session(2), "tester", None),
    "admin": (session(3), "admin", None),
    "viewer of another team": (session(4), "viewer", None),
    "session that was ended": (signed_out, "", ()),
    "session that somebody made up": (planted, "", ()),
    "viewer's token for everything": (token(1, *needs.SCOPES), "viewer", needs.SCOPES),
    **{f"admin's token to {scope}": (token(3, scope), "admin", (scope,)) for scope in needs.SCOPES},
    "token that is over": (token(3, *needs.SCOPES, days=-1), "", ()),
    "token that was revoked": (revoked, "", ()),
    "token that somebody made up": (
        lambda app: TestClient(app, base_url=peopling.HERE, headers={"Authorization": "Bearer vpt_x"}), "", ()
    ),
}  # fmt: skip


def let_in(one: Asked, client: TestClient) -> bool:
    """Tell whether *client* gets past the gate."""
    if one.method == "WEBSOCKET":
        with contextlib.suppress(WebSocketDisconnect), client.websocket_connect(f"ws://127.0.0.1{one.path}"):
            return True
        return False
    answer = one.of(client)
    assert answer.status_code < 500 or "lab file" in answer.text, (one, answer.text)
    return answer.status_code not in {401, 403}


def expected(one: Asked, role: str, scopes: tuple[str, ...] | None) -> bool:
    """Tell whether the row of *one* lets in somebody of *role*, with a token of *scopes*."""
    least, _, scope = one.needs.partition(": ")
    if least == "anybody":
        return True
    usual = {"viewer": "read", "tester": "control", "admin": "admin"}[least]
    return RANK[role] >= RANK[least] and (scopes is None or (scope or usual) in scopes)


@pytest.mark.parametrize("who", EVERYBODY)
def test_every_route_lets_in_who_may_and_nobody_else(app: Any, who: str) -> None:
    made, role, scopes = EVERYBODY[who]
    client = made(app)
    every = sorted(asked(app.routes), key=lambda one: one.name in {"api-sign-out", "sign-out"})  # these end it

    got = {f"{one.method} {one.path}": let_in(one, client) for one in every}

    assert got == {f"{one.method} {one.path}": expected(one, role, scopes) for one in every}


def test_every_route_has_a_row(app: Any) -> None:
    assert [one.name for one in asked(app.routes) if not one.needs] == []
    assert set(needs.NEEDS.values()) <= {
        "anybody", "viewer", "tester", "admin", "viewer: person", "tester: campaigns", "tester: upload",
    }  # fmt: skip
    assert set(needs.SCOPES) == set(Scope.__args__)  # type: ignore[attr-defined]


def test_what_acts_is_for_no_mere_viewer(app: Any) -> None:
    acting = [one for one in asked(app.routes) if one.method not in {"GET", "WEBSOCKET"}]

    assert len(acting) > 20
    loose = {one.name for one in acting if one.needs in {"anybody", "viewer"}}
    assert loose == ENTRIES


def test_tokens_for_devices_begin_no_campaigns(app: Any) -> None:
    begin = ("/api/campaigns", "/api/schedules", "/api/queue", "/api/execution")
    acting = [one for one in asked(app.routes) if one.method != "GET" and one.path.startswith(begin)]

    assert acting
    assert [one.name for one in acting if one.needs != "tester: campaigns"] == []


def test_route_without_a_row_is_for_nobody(app: Any) -> None:
    async def forgotten(request: Any) -> None:
        raise AssertionError

    app.router.routes.insert(0, Route("/forgotten", forgotten, name="forgotten"))
    try:
        for user in (1, 2, 3):
            answer = peopling.client_of(app, user).get("/forgotten")
            assert (answer.status_code, answer.json()) == (
                403, {"error": "Nobody may do this: its route has no row in needs.py."},
            )  # fmt: skip
    finally:
        app.router.routes.pop(0)


def test_what_is_nowhere_is_told_to_nobody_who_is_not_signed_in(app: Any) -> None:
    for path in ("/nowhere", "/lab/", "/api/nothing", "/runs/nothing", "/api/users/x/y"):
        assert peopling.client_of(app).get(path).status_code == 401
        assert peopling.client_of(app, 1).get(path).status_code in {307, 404}


def test_refusal_says_what_it_would_take(app: Any) -> None:
    page = peopling.client_of(app, 1).get("/people", headers={"Accept": "text/html"})
    assert page.status_code == 403
    assert "viewer, viewer, may not do this: it needs role &#39;admin&#39;." in page.text
    told = {
        "The token 'ci' of admin may not do this: it needs scope 'admin'.": (3, "/api/users"),
        "The token 'ci' may not do this: it is for admin alone, signed in.": (3, "/api/tokens"),
        "The token 'ci' of viewer may not do this: it needs role 'admin'.": (1, "/api/users"),
    }
    for words, (user, path) in told.items():
        assert peopling.program_of(app, user, "read").get(path).json() == {"error": words}
    unknown = peopling.client_of(app).get("/api/devices")
    assert (unknown.status_code, unknown.headers["www-authenticate"]) == (401, "Bearer")


def test_scheme_of_another_sort_is_nobody(app: Any) -> None:
    for words in ("Basic dmlld2VyOng=", "Bearer", "Bearer ", "vpt_x"):
        client = TestClient(app, base_url=peopling.HERE, headers={"Authorization": words})
        assert client.get("/api/auth").status_code == 401
