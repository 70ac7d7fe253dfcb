"""Device: what a test holds of a device; each method is one call to the device's host."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.console import Console
from pytest_virtualpytest.controls import Power, Remote, Touch
from pytest_virtualpytest.elements import Ui
from pytest_virtualpytest.inside import Apps, Files, Logs, Shell
from pytest_virtualpytest.key import Key
from pytest_virtualpytest.kpi import Zap
from pytest_virtualpytest.link import Link
from pytest_virtualpytest.looking import Looking
from pytest_virtualpytest.network import Network
from pytest_virtualpytest.pointer import Pointer
from pytest_virtualpytest.screen import Screen
from pytest_virtualpytest.sound import Audio
from pytest_virtualpytest.targets import Target
from pytest_virtualpytest.timing import Zapping

if TYPE_CHECKING:
    from pytest_virtualpytest.config import DeviceConfig


class Device:
    """A leased device; its capabilities are its attributes."""

    def __init__(self, config: DeviceConfig, link: Link, resources: tuple[str, ...], root: Path | None) -> None:
        self.name: str = config.name
        self.kind: str = config.kind
        self.model: str = config.model or ""
        self.host: str = config.host
        self.config = config
        self.resources = resources
        self.link = link
        self._looking = Looking(link, config, root)

    def __repr__(self) -> str:
        return f"<Device {self.name} ({self.kind}) on {self.host}>"

    @property
    def remote(self) -> Remote:
        """The device's keys."""
        __tracebackhide__ = True
        self.link.need("remote")
        return Remote(self.link, self._looking)

    @property
    def screen(self) -> Screen:
        """The device's picture."""
        __tracebackhide__ = True
        self.link.need("screen")
        return Screen(self.link, self._looking)

    @property
    def audio(self) -> Audio:
        """The device's sound."""
        __tracebackhide__ = True
        self.link.need("audio")
        return Audio(self.link)

    @property
    def power(self) -> Power:
        """The device's supply."""
        __tracebackhide__ = True
        self.link.need("power")
        return Power(self.link)

    @property
    def touch(self) -> Touch:
        """The device's screen, as it is touched."""
        __tracebackhide__ = True
        self.link.need("touch")
        return Touch(self.link)

    @property
    def pointer(self) -> Pointer:
        """The device's mouse."""
        __tracebackhide__ = True
        self.link.need("pointer")
        return Pointer(self.link, self._looking)

    @property
    def ui(self) -> Ui:
        """What is on screen, as the device itself describes it."""
        __tracebackhide__ = True
        self.link.need("ui")
        return Ui(self.link)

    @property
    def apps(self) -> Apps:
        """The device's programs."""
        __tracebackhide__ = True
        self.link.need("apps")
        return Apps(self.link)

    @property
    def shell(self) -> Shell:
        """Commands on the device."""
        __tracebackhide__ = True
        self.link.need("shell")
        return Shell(self.link)

    @property
    def files(self) -> Files:
        """The device's files."""
        __tracebackhide__ = True
        self.link.need("files")
        return Files(self.link)

    @property
    def logs(self) -> Logs:
        """What the device itself writes down."""
        __tracebackhide__ = True
        self.link.need("logs")
        return Logs(self.link)

    @property
    def console(self) -> Console:
        """The device's console."""
        __tracebackhide__ = True
        self.link.need("console")
        return Console(self.link)

    @property
    def network(self) -> Network:
        """The network that the device is in."""
        __tracebackhide__ = True
        self.link.need("network")
        return Network(self.link)

    def zap(
        self,
        key: str = Key.CHANNEL_UP,
        *,
        banner: Target | str | None = None,
        motion: bool = True,
        sound: bool = True,
        timeout: float | None = None,
    ) -> Zap:
        """Press *key* and return what followed: black, picture, motion, sound, banner, and when; or raise NotSeen."""
        __tracebackhide__ = True
        self.link.need("screen")
        seconds = self.link.seconds(timeout)
        zapping = Zapping(self.link, self._looking, self.remote)
        return zapping.zap(key, banner, motion=motion, sound=sound, timeout=seconds)

    def mark(self, text: str) -> None:
        """Put *text* on the device's log, with its time."""
        __tracebackhide__ = True
        with self.link.step(f"mark {text}"):
            self.link.call("mark", {"text": text})

    def begin(self, holder: Mapping[str, Any], *, ticket: str | None = None, passes: bool = False) -> None:
        """Lease the device for *holder*; LeaseError if it is held, or kept for who came before *ticket*."""
        self.link.token = self.link.gateway.lease(self.name, holder, ticket=ticket, passes=passes)

    def settle(self) -> None:
        """Undo what a test has done for its rest, where the device is kept for the next one."""
        with self.link.silent():
            while self.link.undo:
                self.link.undo.pop()()

    def end(self) -> None:
        """Give the lease back."""
        if self.link.token is not None:
            self.link.token = None
            self.link.gateway.release(self.name)
