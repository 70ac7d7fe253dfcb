"""All campaigns at one desk: begun now if they can be, else in their turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from pytest_virtualpytest.config import Campaign, DeviceConfig
from pytest_virtualpytest.exceptions import LabFault, LeaseError, VirtualPytestError
from pytest_virtualpytest.needs import Need
from virtualpytest_dashboard.campaigns.queue import Queue, Waiting
from virtualpytest_dashboard.lab.campaigns import Campaigns
from virtualpytest_dashboard.lab.pages import holder
from virtualpytest_dashboard.lab.site import Bench
from virtualpytest_dashboard.lab.survey import in_a_line
from virtualpytest_dashboard.store.database import Database

_SOON = 30.0  # seconds in which a run that has begun takes its devices


class Desk:
    """The campaigns of *bench*, and those of *kept* that wait for their turn, and that somebody *sees*."""

    def __init__(self, bench: Bench, kept: Database, sees: Callable[[str], bool] = lambda _: True) -> None:
        self._bench = bench
        self.campaigns = Campaigns(bench.lab)
        self.queue = Queue(kept, sees)

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
            except VirtualPytestError as error:
                self.queue.settle(waiting.id, "failed", in_a_line(error))

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
        choice = campaign.devices
        need = Need("", choice.kind, choice.name, choice.model, choice.tags, choice.needs)
        return [device for device in self._bench.lab.devices.values() if need.fits(device)]

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
