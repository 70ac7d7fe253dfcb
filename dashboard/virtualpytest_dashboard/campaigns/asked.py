"""What a request about campaigns asks for."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict
from starlette.requests import HTTPConnection, Request

from pytest_virtualpytest.exceptions import ConfigError
from virtualpytest_dashboard.campaigns.desk import Desk
from virtualpytest_dashboard.lab import asked
from virtualpytest_dashboard.people import person


class Nothing(BaseModel):
    """A request that says nothing but its address."""

    model_config = ConfigDict(extra="forbid")


def nothing(body: bytes) -> None:
    """See that *body* says nothing."""
    Nothing.model_validate_json(body)


def desk(request: HTTPConnection) -> Desk:
    """Return the desk of all campaigns, or answer 503 with what is wrong with the lab file."""
    return Desk(asked.bench(request), request.app.state.kept, seen(request))


def seen(request: HTTPConnection) -> Callable[[str], bool]:
    """Return what tells of a campaign's name whether who asks may see the campaign."""
    one = person.of(request)
    return lambda name: one.sees(("campaign", name))


def campaign(request: Request) -> str:
    """Return the campaign that the address names; 404 with the nearest one where there is none."""
    name: str = request.path_params["campaign"]
    try:
        desk(request).campaigns.state(name)
    except ConfigError as error:
        raise asked.missing(str(error)) from None
    return name
