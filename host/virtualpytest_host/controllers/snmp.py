"""Mains power through an outlet of a rack's power distribution unit, by SNMP."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host.snmp import Account, Conversation

_OID = re.compile(r"\.?\d+(\.\d+)+")
_OUTLET = re.compile(r"\d+(\.\d+)*")
_SAMPLE = "1.3.6.1.4.1.318.1.1.12.3.3.1.1.4"
_LOOK = 0.1  # seconds between two looks at an outlet that is to switch


@dataclass
class Oids:
    """Where an outlet is switched and where it is read, each without its number, and the values there.

    Without *state* it is read where it is switched; without values of its own by those of switching.
    """

    command: str
    on: int = 1
    off: int = 2
    state: str = ""
    state_on: int | None = None
    state_off: int | None = None

    def __post_init__(self) -> None:
        for name in [self.command, *([self.state] if self.state else [])]:
            if not _OID.fullmatch(name):
                raise DeviceError(f"snmp: {name!r} is no object identifier; wanted one such as '{_SAMPLE}'")

    def meaning(self, value: int) -> bool | None:
        """Tell whether *value* is on or off; None where it is neither."""
        on = self.on if self.state_on is None else self.state_on
        off = self.off if self.state_off is None else self.state_off
        return {on: True, off: False}.get(value)


MODELS = {  # from the makers' MIBs
    "apc": Oids(_SAMPLE, state="1.3.6.1.4.1.318.1.1.12.3.5.1.1.4"),
    "apc-rpdu2": Oids(
        "1.3.6.1.4.1.318.1.1.26.9.2.4.1.5", state="1.3.6.1.4.1.318.1.1.26.9.2.3.1.5", state_on=2, state_off=1
    ),
    "cyberpower": Oids("1.3.6.1.4.1.3808.1.1.3.3.3.1.1.4", state="1.3.6.1.4.1.3808.1.1.3.3.5.1.1.4"),
    "raritan": Oids(
        "1.3.6.1.4.1.13742.6.4.1.2.1.2.1", off=0, state="1.3.6.1.4.1.13742.6.4.1.2.1.3.1", state_on=7, state_off=8
    ),
    "servertech": Oids(
        "1.3.6.1.4.1.1718.3.2.3.1.11", state="1.3.6.1.4.1.1718.3.2.3.1.5", state_on=1, state_off=0
    ),
}  # fmt: skip


@dataclass
class Snmp:
    """Outlet *outlet* of the unit at *address*, of a *model* that is known here or with *oids* of its own.

    It is switched, and read until it has, or *timeout* seconds have passed; an answer may take half of them.
    """

    address: str
    outlet: int | str
    model: Literal["apc", "apc-rpdu2", "cyberpower", "raritan", "servertech", ""] = ""
    oids: Oids | None = None
    version: Literal["1", "2c", "3"] = "2c"
    community: str = field(default="private", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    privacy_password: str = field(default="", repr=False)
    authentication: Literal["md5", "sha", "sha256", "sha512"] = "sha"
    encryption: Literal["des", "aes", "aes256"] = "aes"
    timeout: float = 6.0
    gives: ClassVar[Sequence[str]] = ("power",)

    def __post_init__(self) -> None:
        if isinstance(self.oids, Mapping):
            self.oids = Oids(**self.oids)
        if not _OUTLET.fullmatch(str(self.outlet)):
            raise DeviceError(f"snmp: outlet {self.outlet!r} is no number; wanted one such as 3, or '1.3'")
        if bool(self.model) == bool(self.oids):
            raise DeviceError(f"snmp: say either model ({', '.join(MODELS)}) or oids, the unit's own")
        if self.version == "3" and not self.username:
            raise DeviceError("snmp: version 3 needs a username, and mostly a password")

    def resources(self) -> Sequence[str]:
        """Return the outlet that this holds."""
        host, port = self._place
        return [f"{host}:{port}#{self.outlet}"]

    def open(self) -> None:
        """Make ready to ask, which takes a while; the first command asks."""
        _ = self._conversation

    def close(self) -> None:
        """Give the socket back."""
        if "_conversation" in self.__dict__:
            self.__dict__.pop("_conversation").close()

    def on(self) -> None:
        """Switch on, and make sure of it."""
        self._switch(True)

    def off(self) -> None:
        """Switch off, and make sure of it."""
        self._switch(False)

    def status(self) -> bool:
        """Tell whether the outlet is on."""
        value = self._value()
        state = self._oids.meaning(value)
        if state is None:
            raise DeviceError(f"{self._conversation}: outlet {self.outlet} is neither on nor off, but in state {value}")
        return state

    def _switch(self, on: bool) -> None:
        oids, end = self._oids, time.monotonic() + self.timeout
        self._conversation.set(f"{oids.command}.{self.outlet}", oids.on if on else oids.off)
        while oids.meaning(value := self._value()) is not on:
            if time.monotonic() > end:
                word = "on" if on else "off"
                late = f"after {self.timeout:g} s it is in state {value}"
                raise DeviceError(f"{self._conversation}: outlet {self.outlet} did not switch {word}: {late}")
            time.sleep(_LOOK)

    def _value(self) -> int:
        oids = self._oids
        return self._conversation.get(f"{oids.state or oids.command}.{self.outlet}")

    @property
    def _oids(self) -> Oids:
        return self.oids or MODELS[self.model]

    @functools.cached_property
    def _place(self) -> tuple[str, int]:
        try:
            parts = urlsplit(f"//{self.address}")
            host, port = parts.hostname, parts.port or 161
        except ValueError:
            host, port = None, 0
        if not host or parts.path or parts.username:
            raise DeviceError(f"snmp: {self.address!r} is no address; wanted one such as 192.0.2.8 or 192.0.2.8:161")
        return host, port

    @functools.cached_property
    def _conversation(self) -> Conversation:
        account = Account(
            self.version, self.community, self.username, self.password, self.privacy_password, self.authentication,
            self.encryption,
        )  # fmt: skip
        return Conversation(*self._place, account, self.timeout / 2)  # two of them fit
