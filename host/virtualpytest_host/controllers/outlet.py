"""What the plugs on a network have in common: an address, an account, several outlets, on and off."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from virtualpytest_host.controllers import address


@dataclass
class Outlet(ABC):
    """The plug at *url*, which may carry the account; *relay* chooses one of several outlets, 0 the first or only one.

    *controller* is the controller's name in messages.
    """

    controller: ClassVar[str]
    gives: ClassVar[Sequence[str]] = ("power",)
    url: str = field(repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    relay: int = 0
    timeout: float = 5.0

    def resources(self) -> Sequence[str]:
        """Return the address that this plug holds, with its outlet."""
        place = self._address.place
        return [f"{place}#{self.relay}" if self.relay else place]

    def open(self) -> None:
        """Look at the address only; the first command connects."""
        _ = self._address

    def on(self) -> None:
        """Switch on, and make sure of it."""
        self._switch(True)

    def off(self) -> None:
        """Switch off, and make sure of it."""
        self._switch(False)

    @abstractmethod
    def status(self) -> bool:
        """Tell whether the outlet is on."""

    @abstractmethod
    def _switch(self, on: bool) -> None:
        """Switch, and raise DeviceError if the plug does not say that it has."""

    @functools.cached_property
    def _address(self) -> address.Address:
        return address.parse(self.url, self.controller)
