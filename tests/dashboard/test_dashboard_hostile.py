"""Results that somebody wrote to harm who looks at them: no page runs, fetches or gives away anything."""

from __future__ import annotations

import html
import json
import re
import threading
import time
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import tabs
from browsing import client_of, plain, run_page
from labs import until
from starlette.testclient import TestClient
from virtualpytest_dashboard.results import Folder

HERE = "http://127.0.0.1"
T = 1_790_000_000
EVIL = (
    "<script>window.hacked=1</script>",
    "'\"><img src=x onerror=window.hacked=1>",
    "</title></textarea></style><svg onload=window.hacked=1>",
    "javascript:window.hacked=1//",
    "data:text/html,<script>parent.hacked=1</script>",
    "\" autofocus onfocus=window.hacked=1 x=\"",
    "{{ 7 * 191 }}{% raw %}",
)  # fmt: skip
SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="window.hacked=1"><script>window.hacked=1</script></svg>'
FILES = {
    "a.html": "<script>window.hacked=1</script>", "a.xhtml": f"<html xmlns='http://www.w3.org/1999/xhtml'>{SVG}</html>",
    "a.svg": SVG, "a.xml": f"<?xml version='1.0'?><?xml-stylesheet href='a.svg'?>{SVG}", "a.js": "window.hacked=1",
    "a.txt": "<script>window.hacked=1</script>", "a.json": '{"a": "<script>window.hacked=1</script>"}',
    "a.png": SVG, "a.mp4": SVG, "a.wav": SVG, "a.csv": "=cmd|' /C calc'!A0", "a": SVG,
}  # fmt: skip


def _evil_result(number: int, evil: str) -> dict[str, Any]:
    """Return a result that says *evil* wherever it says something."""
    said = {"name": evil, "value": evil}
    files = [{"name": evil, "source": name, "type": "text/html"} for name in [*FILES, evil]]
    details = {"message": f"{evil} {number}", "trace": evil, "actual": evil, "expected": evil}
    step = {"name": evil, "status": "failed", "statusDetails": details, "attachments": files[number::7],
            "parameters": [said], "start": T * 1000, "stop": T * 1000 + 5}  # fmt: skip
    named = ("device", "host", "tag", "severity", "owner", "epic", "feature", "story", "suite", "parentSuite", "model",
             "firmware", "layer", "AS_ID", evil)  # fmt: skip
    return {
        "uuid": f"u{number}", "name": f"{evil}{number}", "fullName": f"{evil}#{evil}", "historyId": f"h{number}",
        "testCaseId": evil, "status": "failed" if number % 2 else "broken", "statusDetails": details,
        "description": evil, "descriptionHtml": evil, "steps": [{**step, "steps": [step]}], "attachments": files,
        "parameters": [said, {**said, "mode": evil}], "labels": [{"name": name, "value": evil} for name in named],
        "links": [{"name": evil, "url": evil, "type": evil}, {"url": f"https://x.example/{evil}", "type": "issue"}],
        "titlePath": [evil], "start": T * 1000 + number, "stop": T * 1000 + number + 900, evil: evil,
    }  # fmt: skip


def _evil_journal(evil: str) -> Iterator[dict[str, Any]]:
    test = f"{evil}.py::{evil}"
    place = {"worker": evil, "device": evil, "host": evil}
    figure = {"name": evil, "value": 9, "unit": evil, "maximum": 1, "note": evil}
    yield {"kind": "plan", "data": {"tests": [f"{test}[waits]"]}}
    yield {"kind": "start", "time": T, "test": f"{test}[lost]", **place}
    yield {"kind": "loss", "time": T + 1, "test": f"{test}[lost]", "data": {"message": evil}, **place}
    yield {"kind": "start", "time": T, "test": f"{test}[runs]", **place}
    yield {"kind": "start", "time": T, "test": test, **place}
    yield {"kind": "verdict", "time": T + 2, "test": test, "data": {"outcome": evil, "measurements": [figure]}, **place}


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give two runs that say what would run in a page wherever anything can be said."""
    top = tmp_path_factory.mktemp("evil")
    for night in ("one", "two"):
        folder = top / f"{night} <img src=x onerror=window.hacked=1>"
        folder.mkdir()
        _fill(folder, EVIL if night == "two" else EVIL[:2])
    return top


def _fill(folder: Path, evil: Sequence[str]) -> None:
    events: list[dict[str, Any]] = [{"kind": "run", "time": T}]
    for number, words in enumerate(evil):
        (folder / f"{number}-result.json").write_text(json.dumps(_evil_result(number, words)), encoding="utf-8")
        fixture = {"name": words, "status": "broken", "statusDetails": {"message": words, "trace": words}}
        container = {"children": [f"u{number}"], "befores": [fixture], "afters": [fixture], "start": T * 1000}
        (folder / f"{number}-container.json").write_text(json.dumps(container), encoding="utf-8")
        (folder / f"{number}-globals.json").write_text(json.dumps({"errors": [{"message": words}]}), encoding="utf-8")
        events += _evil_journal(words)
    (folder / "virtualpytest-run.jsonl").write_text("".join(f"{json.dumps(event)}\n" for event in events))
    rules = [{"name": words, "messageRegex": f"(?s).*{number}"} for number, words in enumerate(EVIL)]
    (folder / "categories.json").write_text(json.dumps([*rules, {"name": EVIL[0], "messageRegex": "("}]))
    executor = dict.fromkeys(("name", "type", "buildName", "buildUrl", "url", "reportName", "reportUrl"), EVIL[1])
    (folder / "executor.json").write_text(json.dumps({**executor, "buildUrl": EVIL[3], "url": EVIL[3]}))
    (folder / "environment.properties").write_text("".join(f"{words.replace(':', '')}={words}\n" for words in EVIL))
    (folder / "<img src=x onerror=window.hacked=1>-result.json").write_text("{")
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")


class Page(HTMLParser):
    """What of a page could act, and where it leads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.acts: list[str] = []
        self.links: list[str] = []
        self.text = text
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the element would do."""
        given = {name: value or "" for name, value in attrs}
        self.links += [given["href"]] if tag == "a" and "href" in given else []
        told = self.get_starttag_text() or tag
        if tag in ("iframe", "object", "embed", "base", "applet", "frame", "foreignobject", "animate", "set", "image"):
            self.acts.append(told)
        if tag == "script" and not given.get("src", "").startswith((f"{HERE}/static/", "/static/")):
            self.acts.append(told)
        for name, value in given.items():
            address = value.strip().lower()
            leads = name in ("href", "src", "action", "formaction", "xlink:href", "poster", "data", "srcdoc")
            allowed = address.startswith(("http://", "https://", "/", "?", "#", "data:image/"))
            if name.startswith("on") or name in ("style", "srcdoc") or (leads and address and not allowed):
                self.acts.append(f"{name} in {told}")


def _crawled(client: TestClient) -> dict[str, Page]:
    """Return each page that links lead to: of each test, and else one for each thing that is asked of it."""
    waiting, seen, pages = [f"{HERE}/"], set[str](), dict[str, Page]()
    while waiting:
        address = waiting.pop(0)
        parts = urlsplit(address)
        asked = ",".join(sorted(set(re.findall(r"([a-z]+)=", parts.query))))
        sort = address if "/tests/" in address else f"{_sort(address)}?{asked}"
        if sort in seen or asked.count(",") > 1 or not address.startswith(HERE) or "/attachments/" in address:
            continue
        seen.add(sort)
        answer = client.get(address)
        assert answer.status_code < 500, address
        if answer.headers["content-type"].startswith("text/html"):
            pages[address] = page = Page(answer.text)
            waiting += [urljoin(address, link).partition("#")[0] for link in page.links]
    return pages


@pytest.fixture(scope="module")
def pages(evil: Path) -> dict[str, Page]:
    """Give every page over the evil runs, by its address."""
    with client_of(evil) as client:
        return _crawled(client)


def test_no_page_does_what_a_result_says(pages: dict[str, Page]) -> None:
    acting = {address: page.acts for address, page in pages.items() if page.acts}

    assert acting == {}
    assert {"/", "RUN", "RUN/timeline", "RUN/export.html", "RUN/tests/ONE", "/measurements", "/measurements/ONE"} <= {
        _sort(one) for one in pages
    }
    assert len([one for one in pages if "/tests/" in one]) >= len(EVIL)


def _sort(address: str) -> str:
    """Return what sort of page is at *address*."""
    return re.sub("/runs/[^/]+", "RUN", re.sub("(tests|measurements)/.+", r"\1/ONE", urlsplit(address).path))


def test_what_a_result_says_is_on_the_pages_as_text(pages: dict[str, Page]) -> None:
    shown = "\n".join(page.text for page in pages.values())

    assert not any(words in shown for words in EVIL if "<" in words)
    assert all(html.escape(words, quote=True).replace("&quot;", "&#34;").replace("&#x27;", "&#39;") in shown
               for words in EVIL)  # fmt: skip
    assert "1337" not in shown


def test_links_lead_to_web_addresses_alone(pages: dict[str, Page]) -> None:
    links = {link for page in pages.values() for link in page.links}

    assert not [link for link in links if urlsplit(link).scheme not in ("", "http", "https")]
    assert any(link.startswith("https://x.example/") for link in links)


@pytest.mark.parametrize(
    "source",
    ["/etc/passwd", "../secret.txt", "..%2fsecret.txt", "link.txt", "sub/secret.txt", "a\x00.txt",
     "file:///etc/passwd", "%2e%2e/secret.txt", "sub", ".hidden", "a.txt "],
)  # fmt: skip
def test_source_that_leads_elsewhere_is_not_followed(folder: Path, source: str) -> None:
    (folder / "sub").mkdir()
    for place in (folder.parent, folder / "sub"):
        (place / "secret.txt").write_text("SECRET", encoding="utf-8")
    (folder / ".hidden").write_text("SECRET", encoding="utf-8")
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    file = {"name": "file", "source": source, "type": "text/plain"}
    result = {"name": "test_zap", "status": "failed", "uuid": "u", "historyId": "h", "attachments": [file],
              "steps": [{"name": "step", "attachments": [file]}], "start": T * 1000, "stop": T * 1000}  # fmt: skip
    (folder / "a-result.json").write_text(json.dumps(result), encoding="utf-8")

    with client_of(folder) as client:
        pages = _crawled(client)
        [address] = [one for one in pages if one.endswith("/tests/u")]
        direct = client.get(f"{address.partition('/tests/')[0]}/attachments/{source}".replace("\x00", "%00"))
        packed = client.get(f"{address.partition('/tests/')[0]}/export.zip").content

    assert direct.status_code == 404
    assert not [one for one, page in pages.items() if "SECRET" in page.text or "root:" in page.text]
    assert "file: not in the folder" in plain(pages[address].text)
    assert b"SECRET" not in packed


SLOW = ("(a|aa)+$", "(?R)", "(a+)+$", "(?:fo+o){e<=30}")
UNFIT = ("(", "(?:a{1000}){1000}", "a{1,000000000099999}", "(" * 400 + ")" * 400, "a" * 2000, r"\L<x>")


def test_rules_that_would_take_for_ever_cost_little_and_are_named(folder: Path) -> None:
    rules = [{"name": f"rule {number}", "messageRegex": words} for number, words in enumerate([*SLOW, *UNFIT])]
    rules += [{"name": "Black screen", "messageRegex": "a.*!"}, *([{"name": "more"}] * 200)]
    (folder / "categories.json").write_text(json.dumps(rules), encoding="utf-8")
    for number in range(300):
        result = {"name": f"test_{number}", "status": "failed", "uuid": f"u{number}", "historyId": f"h{number}",
                  "statusDetails": {"message": "a" * 3000 + "!"}}  # fmt: skip
        (folder / f"{number}-result.json").write_text(json.dumps(result), encoding="utf-8")

    began = time.process_time()
    with client_of(folder) as client:
        page = plain(run_page(client))
    work = time.process_time() - began

    assert work < 10
    assert Folder(folder, "night", "night").run().categories == {"Black screen": 300}
    for name in ("rule 0", *(f"rule {number}" for number in range(len(SLOW), len(SLOW) + len(UNFIT)))):
        assert f"categories.json : rule '{name}'" in page
    assert "rules beyond the first 100" in page


def test_properties_without_end_are_read_at_once(folder: Path) -> None:
    (folder / "a-result.json").write_text('{"name": "test_zap", "status": "passed", "uuid": "u"}', encoding="utf-8")
    (folder / "environment.properties").write_text("a" + " " * 900_000 + "\nos = Debian", encoding="utf-8")

    began = time.process_time()
    run = Folder(folder, "night", "night").run()

    assert time.process_time() - began < 5
    assert [(item.name, item.value) for item in run.environment] == [("os", "Debian")]


@tabs.NEEDED
def test_nothing_runs_in_a_browser_on_any_page(evil: Path, pages: dict[str, Page], chromium: Any) -> None:
    import uvicorn
    from virtualpytest_dashboard.app import create_app

    config = uvicorn.Config(create_app([evil]), port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        found = _driven(chromium, f"{HERE}:{port}", pages)
    finally:
        server.should_exit = True
        thread.join(30)

    assert found == {}


def _driven(chromium: Any, address: str, pages: dict[str, Page]) -> dict[str, list[str]]:
    """Open one page of each sort, and each file, and return what ran there."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser is driven by playwright")
    found: dict[str, list[str]] = {}
    once = {_sort(one) + one[-2:] * ("/tests/u" in one): one.removeprefix(HERE) for one in pages}
    run = once["RUN"].partition("?")[0]
    with tabs.tab(chromium, but=("",)) as tab:
        for path in [*once.values(), *(f"{run}/attachments/{name}" for name in FILES)]:
            try:
                tab.goto(address + path, wait_until="domcontentloaded")
            except playwright.Error as error:  # what a browser would run is a download
                if "Download is starting" not in error.message:
                    raise
            else:
                said = tab.evaluate(LOOK)
                found |= {path: said} if said != ["undefined", "undefined"] else {}
    return found


LOOK = """() => {
  document.querySelectorAll("input,a,details").forEach((one) => { one.focus(); one.open = true; });
  const own = document.createElement("script");
  own.text = "window.own = 1";
  document.documentElement.append(own);
  return [String(window.hacked), String(window.own)];
}"""
