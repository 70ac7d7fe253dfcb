"""One who asks: what they may do, and what they may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from virtualpytest_dashboard.needs import Need

ROLES = ("viewer", "tester", "admin")
Thing = tuple[str, str]  # its kind (host, device, campaign, run) and its name


@dataclass(frozen=True)
class Person:
    """Somebody of a *role*, none for nobody; *name* and *id* are empty where a dashboard has no users.

    *token* is what their pages must know to act. With an API token, *by* is its name and *scopes* its own.
    *owned* has each thing that teams own, and whether one of theirs does; None sees everything.
    """

    role: str = ""
    name: str = ""
    id: int = 0
    session: int = 0
    token: str = ""
    by: str = ""
    scopes: frozenset[str] | None = None
    owned: Mapping[Thing, bool] | None = None

    def may(self, need: Need) -> bool:
        """Tell whether this person may do what *need* is of."""
        if need.role == "anybody":
            return True
        if not self.role or (need.scope == "person" and not self.session):
            return False
        return self.lacks(need) == ""

    def lacks(self, need: Need) -> str:
        """Return the role or scope that this person would need for it, empty where there is none."""
        if ROLES.index(self.role) < ROLES.index(need.role):
            return f"role {need.role!r}"
        return "" if self.scopes is None or need.scope in self.scopes else f"scope {need.scope!r}"

    def sees(self, *things: Thing) -> bool:
        """Tell whether this person may see what belongs to the owners of any of *things*; all do what nobody owns."""
        if self.owned is None:
            return bool(self.role)
        known = [self.owned[thing] for thing in things if thing in self.owned]
        return bool(self.role) and (not known or any(known))


NOBODY = Person()


def of(request: HTTPConnection) -> Person:
    """Return who asks."""
    found: Person = getattr(request.state, "person", NOBODY)
    return found
