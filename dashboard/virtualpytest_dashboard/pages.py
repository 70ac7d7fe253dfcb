"""Templates, and how times, sizes and verdicts read on a page."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.guard import Guard
from virtualpytest_dashboard.needs import Need
from virtualpytest_dashboard.people import person, seen
from virtualpytest_dashboard.results import Folder

HERE = Path(__file__).parent
_ACTING = Need("tester", "control")
SAFETY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SCRIPTED = f"{SAFETY}; script-src 'self'; connect-src 'self'"
_GLYPHS = {
    "passed": "✓", "failed": "✕", "broken": "!", "lost": "⊘", "hung": "⧖", "interrupted": "‖", "unknown": "?",
    "running": "▸", "not run": "○", "skipped": "–",
}  # fmt: skip


def duration(milliseconds: int) -> str:
    """Return a length of time as people say it."""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:.1f} s" if milliseconds < 59_950 else "1 min 00 s"
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{minutes} min {seconds:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def moment(milliseconds: int, words: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Return a time of day on this machine's clock."""
    return _local(milliseconds).strftime(words)


def machine(milliseconds: int) -> str:
    """Return a time as a browser's ``<time>`` wants it."""
    return _local(milliseconds).isoformat(timespec="seconds")


def _local(milliseconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC).astimezone()


def size(count: int) -> str:
    """Return a number of bytes as people say it."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.0f} kB" if count < 999_500 else f"{count / 1e6:.1f} MB"


def figure(value: float) -> str:
    """Return a measured value with four digits that count."""
    return f"{value:.4g}"


def brief(message: str) -> str:
    """Return *message* without the packages that its exception lies in."""
    return re.sub(r"\A(?:\w+\.)+(?=\w+(?::|\Z))", "", message)


def glyph(verdict: str) -> str:
    """Return the sign of a verdict: none is told by colour alone."""
    return _GLYPHS.get(verdict, "·")


def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True,
                              lstrip_blocks=True)
    environment.filters.update(duration=duration, moment=moment, machine=machine, size=size, brief=brief,
                               figure=figure, glyph=glyph)
    return environment


_TEMPLATES = Jinja2Templates(env=_environment())


def render(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    """Return the page that *template* makes of *context*, with what a page needs to act, where it may."""
    guard: Guard = request.app.state.guard
    one = person.of(request)
    acting = {"person": one, "control": one.may(_ACTING), "token": one.token, "people": guard.on()}
    return _TEMPLATES.TemplateResponse(request, template, {**acting, **context}, status)


def pieces(template: str, **context: Any) -> Iterator[bytes]:
    """Yield what *template* makes of *context*, a piece at a time: it may be long."""
    stream = _TEMPLATES.env.get_template(template).stream(**context)
    stream.enable_buffering(50)
    return (piece.encode("utf-8", "replace") for piece in stream)


def folders(request: Request) -> Folders:
    """Return the folders that this dashboard shows to who asks."""
    return seen.folders(request)


def folder(request: Request) -> Folder:
    """Return the run that the address names, or answer that there is none."""
    name = request.path_params["run"]
    found = folders(request).get(name)
    if found is None:
        raise HTTPException(404, f"There is no run {name!r}: its folder may have been moved or removed.")
    return found
