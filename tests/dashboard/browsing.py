"""A reader of the dashboard, and what pages look like to one."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import URL
from starlette.testclient import TestClient
from virtualpytest_dashboard.app import create_app

Write = Callable[..., str]


def client_of(*folders: Path, database: URL | None = None) -> TestClient:
    """Return a client of the dashboard over *folders*."""
    return _Reader(create_app(folders, database=database), base_url="http://127.0.0.1")


class _Reader(TestClient):
    """Lets go of the dashboard's stores when it goes itself."""

    def __exit__(self, *args: Any) -> None:
        super().__exit__(*args)
        state = self.app.state  # type: ignore[attr-defined]
        state.folders.close()
        state.kept.close()


def ours(client: TestClient) -> dict[str, str]:
    """Return the headers that the pages of *client*'s dashboard send when they act."""
    token = client.app.state.guard.token  # type: ignore[attr-defined]
    return {"Origin": str(client.base_url), "X-Virtualpytest-Token": token}


def links(page: str, pattern: str) -> list[str]:
    """Return the addresses on *page* that hold *pattern*."""
    return [html.unescape(link) for link in re.findall(rf'href="([^"]*{pattern}[^"]*)"', page)]


def run_page(client: TestClient, query: str = "") -> str:
    """Return the page of the newest run."""
    page = client.get(links(client.get("/").text, "/runs/")[0] + query)
    assert page.status_code == 200
    return page.text


def shown_test(client: TestClient, name: str, query: str = "") -> str:
    """Return the page of the test that is called *name*."""
    address = re.search(rf'href="([^"]*/tests/[^"]*)">{re.escape(html.escape(name))}</a>', run_page(client, query))
    assert address, f"no test {name!r}"
    page = client.get(address[1])
    assert page.status_code == 200
    return page.text


def rows(page: str) -> list[str]:
    """Return the names of the tests that *page* lists."""
    return [html.unescape(name) for name in re.findall(r'/tests/[^"]*">([^<]+)</a>', page)]


def plain(page: str) -> str:
    """Return the words on *page*."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
