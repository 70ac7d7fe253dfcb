"""Campaigns that people make: the page to make, copy and change one, and the same for programs.

/lab/campaign?campaign=NAME            one that was made here, to be changed; ?copy=NAME as a new one
/api/campaigns                         POST {"name": …, "campaign": {…}}: make one
/api/campaigns/{campaign}/change       POST {"campaign": {…}}: what it says from now on
/api/campaigns/{campaign}/delete       POST {}
/api/campaigns/{campaign}/toml         as a lab file has it
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from pytest_virtualpytest.exceptions import ConfigError
from virtualpytest_dashboard import acting
from virtualpytest_dashboard.campaigns.asked import desk, nothing
from virtualpytest_dashboard.campaigns.desk import Desk
from virtualpytest_dashboard.campaigns.made import Wish
from virtualpytest_dashboard.lab import asked
from virtualpytest_dashboard.lab.pages import shown
from virtualpytest_dashboard.openapi import gives


class New(BaseModel):
    """A campaign as a lab file has it, and its name."""

    model_config = ConfigDict(extra="forbid")
    name: str
    campaign: dict[str, Any] = {}


class Changed(BaseModel):
    """A campaign as a lab file has it."""

    model_config = ConfigDict(extra="forbid")
    campaign: dict[str, Any]


def page(request: Request) -> Response:
    """Show the form of a new campaign, of a copy, or of one that was made here."""
    changed = request.query_params.get("campaign", "")
    name = changed or request.query_params.get("copy", "")

    def facts(_: object) -> dict[str, Any]:
        found = desk(request)
        wish = _of(found, name) if name else Wish("")
        words = {"kinds": _words(found, "kind"), "models": _words(found, "model"), "devices": list(found.lab.devices)}
        return {"wish": wish, "changes": bool(changed), **words}

    return shown(request, "lab/campaign.html", facts)


@gives("application/toml")
def toml(request: Request) -> Response:
    """Return a campaign that was made here as a lab file has it."""
    wish = _of(desk(request), request.path_params["campaign"])
    return PlainTextResponse(wish.toml(), media_type="application/toml")


async def make(request: Request) -> Response:
    """Make a campaign: what a lab file may say of one, with the same checks."""

    def made(found: Desk, body: bytes) -> Wish:
        new = New.model_validate_json(body)
        return found.made.make(found.lab, Wish(new.name, new.campaign))

    return await _acted(request, made)


async def change(request: Request) -> Response:
    """Have a campaign that was made here say something else."""

    def changed(found: Desk, body: bytes) -> Wish:
        wish = _of(found, request.path_params["campaign"])
        return found.made.change(found.lab, Wish(wish.name, Changed.model_validate_json(body).campaign))

    return await _acted(request, changed)


async def delete(request: Request) -> Response:
    """Forget a campaign that was made here; its results stay."""

    def deleted(found: Desk, body: bytes) -> Wish:
        nothing(body)
        return found.made.delete(_of(found, request.path_params["campaign"]).name)

    return await _acted(request, deleted)


async def _acted(request: Request, act: Callable[[Desk, bytes], Wish]) -> Response:
    def answer(request: Request, body: bytes) -> dict[str, Any]:
        try:
            wish = act(desk(request), body)
        except ConfigError as error:
            raise HTTPException(422, "; ".join(error.problems)) from error
        return {"name": wish.name, "campaign": wish.content}

    return await acting.acted(request, answer)


def _of(found: Desk, name: str) -> Wish:
    """Return the campaign *name* that was made here, or answer 404."""
    if name not in found.wishes:
        raise asked.missing(f"no campaign {name!r} was made here; those of the lab file are changed there")
    return found.wishes[name]


def _words(found: Desk, what: str) -> list[str]:
    return sorted({word for device in found.lab.devices.values() if (word := getattr(device, what))})
