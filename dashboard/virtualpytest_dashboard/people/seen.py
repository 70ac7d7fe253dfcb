"""What one person sees: of runs and of the lab, that which nobody owns, and what their teams do."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection
from starlette.requests import HTTPConnection

from pytest_virtualpytest.exceptions import ConfigError
from virtualpytest_dashboard.campaigns.made import Made
from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.people import person
from virtualpytest_dashboard.people.person import Person
from virtualpytest_dashboard.results import Folder

if TYPE_CHECKING:
    from virtualpytest_dashboard.lab.site import Site

_Answer = TypeVar("_Answer")


def folders(request: HTTPConnection) -> Folders:
    """Return the runs that who asks may see."""
    whole: Folders = request.app.state.folders
    one = person.of(request)
    return whole if one.owned is None and one.role else Part(whole, one, _campaigns(request, one))


class Part(Folders):
    """Those runs of *whole* that *one* may see: a run is of its own teams, and of those of its campaign.

    *campaigns* has the folders that campaigns keep their runs in; None where that is not known: then a run that
    might be of one is not seen.
    """

    def __init__(self, whole: Folders, one: Person, campaigns: Mapping[str, Path] | None) -> None:
        self.roots = whole.roots
        self._whole, self._one, self._campaigns = whole, one, campaigns

    def add(self, root: Path) -> None:
        """Show what is in *root*, too."""
        self._whole.add(root)

    def all(self) -> list[Folder]:
        """Return every run that may be seen, the newest first."""
        return [folder for folder in self._whole.all() if self._sees(folder)]

    def known(self) -> list[Folder]:
        """Return the runs that were there the last time, and may be seen."""
        return [folder for folder in self._whole.known() if self._sees(folder)]

    def forget(self, folder: Folder) -> None:
        """Forget a run of which nothing is there any more."""
        self._whole.forget(folder)

    def get(self, name: str) -> Folder | None:
        """Return the run that is called *name* in addresses, if it may be seen."""
        found = self._whole.get(name)
        return found if found is not None and self._sees(found) else None

    def ask(self, question: Callable[[Connection], _Answer]) -> _Answer:
        """Return the store's answer to a *question* about all that was read: it has to name the runs that it is of."""
        return self._whole.ask(question)

    def close(self) -> None:
        """Let go of nothing: others see it too."""

    def _sees(self, folder: Folder) -> bool:
        own = ("run", folder.name)
        if self._campaigns is None:
            return own in (self._one.owned or ()) and self._one.sees(own)
        campaigns = [("campaign", name) for name, path in self._campaigns.items() if folder.path.is_relative_to(path)]
        return self._one.sees(own, *campaigns)


def _campaigns(request: HTTPConnection, one: Person) -> Mapping[str, Path] | None:
    """Return where each campaign that a team owns keeps its runs; None where the lab file does not tell."""
    owned = [name for kind, name in one.owned or () if kind == "campaign"]
    if not owned:
        return {}
    site: Site | None = request.app.state.lab
    bench = site.bench() if site else None
    if bench is None:
        return None
    known = dict(bench.lab.campaigns)
    for name, wish in Made(request.app.state.kept, lambda name: name in owned).all().items():
        with contextlib.suppress(ConfigError):  # it fits the lab file no more, and can keep no run
            known[name] = wish.campaign(bench.lab)
    return {name: known[name].results.resolve() for name in owned if name in known}
