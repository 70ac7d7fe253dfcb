"""All campaigns at one desk: begun now if they can be, else in their turn."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from pytest_virtualpytest.config import Campaign, DeviceConfig
from pytest_virtualpytest.exceptions import ConfigError, LabFault, LeaseError, VirtualPytestError
from pytest_virtualpytest.needs import Need
from virtualpytest_dashboard.campaigns.executions import Execution, Executions, Selection
from virtualpytest_dashboard.campaigns.made import Made, Wish
from virtualpytest_dashboard.campaigns.queue import Queue, Waiting
from virtualpytest_dashboard.lab.campaigns import Campaigns, State
from virtualpytest_dashboard.lab.pages import holder
from virtualpytest_dashboard.lab.site import Bench
from virtualpytest_dashboard.lab.survey import in_a_line
from virtualpytest_dashboard.store.database import Database

_SOON = 30.0  # seconds in which a run that has begun takes its devices


class Desk:
    """The campaigns of *bench*, and of those of *kept* that somebody *sees*: made there, run once, and waiting."""

    def __init__(self, bench: Bench, kept: Database, sees: Callable[[str], bool] = lambda _: True) -> None:
        self._bench = bench
        self.lab, self.made, self.executions = bench.lab, Made(kept, sees), Executions(kept)
        self.queue = Queue(kept, sees)
        self.wishes = self.made.all()
        self._once = {one.wish.name: one.wish for one in self.ran()}
        self.broken: dict[str, str] = {}
        self.campaigns = self._all()

    def ran(self) -> list[Execution]:
        """Return what was run once, on devices that there are."""
        return [one for one in self.executions.all() if all(name in self.lab.devices for name in one.selection.devices)]

    def listed(self) -> list[State]:
        """Return the state of each campaign that has a name of its own."""
        return [self.campaigns.state(name) for name in self.campaigns.names if name not in self._once]

    def once(self, selection: Selection) -> tuple[Execution, Waiting | None]:
        """Run *selection* once, now or in its turn; ConfigError with what is wrong with it."""
        selection.check(self.lab, self.folder)
        Wish("once", {"markers": selection.markers, "keyword": selection.keyword}).campaign(self.lab)
        made = self.executions.make(selection)
        self._once[made.wish.name] = made.wish
        self.campaigns = self._all()
        return made, self.start(made.wish.name, queue=selection.queue)

    @property
    def folder(self) -> Path:
        """Return the folder in which campaigns are run."""
        return self.lab.sources[0].parent if self.lab.sources else Path.cwd()

    def start(self, name: str, *, failed: bool = False, queue: bool = False) -> Waiting | None:
        """Begin a run, or have it wait for its turn where *queue*: then that is returned.

        LeaseError, where it does not wait: a run of it goes on.
        """
        if queue and (why := self.busy(name)):
            return self.queue.put(name, why, failed=failed)
        self.campaigns.start(name, failed=failed)
        return None

    def busy(self, name: str) -> str:
        """Return why a run of *name* would have to wait; empty where it would not."""
        state = self.campaigns.state(name)
        if state.running:
            return "still running"
        held = dict(self._held(state.campaign))
        return f"its devices are held: {'; '.join(held.values())}" if held and all(held.values()) else ""

    def turn(self) -> None:
        """Begin the runs whose turn has come; whichever dashboard is first does so."""
        for waiting in self.queue.all():
            try:
                if not self.busy(waiting.campaign) and self.queue.claim(waiting.id):
                    self._begin(waiting)
            except (VirtualPytestError, OSError) as error:
                self.queue.settle(waiting.id, "failed", in_a_line(error))

    def _all(self) -> Campaigns:
        campaigns, overlays = dict(self.lab.campaigns), {}
        for wish in (*self.wishes.values(), *self._once.values()):
            try:
                campaigns[wish.name] = wish.campaign(self.lab)
                overlays[wish.name] = functools.partial(wish.overlay, self.lab), wish.words
            except ConfigError as error:  # the lab file has changed since
                self.broken[wish.name] = in_a_line(error)
        return Campaigns(replace(self.lab, campaigns=campaigns), overlays)

    def _begin(self, waiting: Waiting) -> None:
        try:
            self.campaigns.start(waiting.campaign, failed=waiting.failed)
        except LeaseError:  # somebody was faster
            self.queue.settle(waiting.id, "waiting", "still running")

    def _held(self, campaign: Campaign) -> Iterator[tuple[str, str]]:
        """Yield each device that *campaign* may use, and who has it; empty for one that is free."""
        promised = dict(self._promised(campaign))
        for device in self._fitting(campaign):
            yield device.name, promised.get(device.name) or self._holder(device)

    def _fitting(self, campaign: Campaign) -> list[DeviceConfig]:
        """Return the devices that *campaign* may use."""
        once, choice = self._once.get(campaign.name), campaign.devices
        need = Need("", choice.kind, choice.name, choice.model, choice.tags, choice.needs)
        named = once.devices if once and once.devices else tuple(self.lab.devices)
        return [device for name, device in self.lab.devices.items() if name in named and need.fits(device)]

    def _promised(self, campaign: Campaign) -> Iterator[tuple[str, str]]:
        """Yield what runs that have just begun are going to take."""
        for state in self.campaigns.all():
            if state.campaign.name != campaign.name and state.running and time.time() - state.at < _SOON:
                for device in self._fitting(state.campaign):
                    yield device.name, f"{device.name} by campaign {state.campaign.name}"

    def _holder(self, device: DeviceConfig) -> str:
        self._bench.survey.want(device)
        try:
            record = self._bench.reach.attach(device) and self._bench.reach.call(device, "holder").value["holder"]
        except LabFault as error:
            return f"{device.name}: {in_a_line(error)}"
        return f"{device.name} by {holder(record)}" if record else ""
