"""Mains power through a plug that runs Tasmota, over its HTTP commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host import needs


@dataclass
class Tasmota:
    """The plug at *url*; *relay* chooses one of several outlets, 0 the only one.

    Each switching is verified by the plug's own answer.
    """

    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    relay: int = 0
    timeout: float = 5.0
    gives: ClassVar[Sequence[str]] = ("power",)

    def resources(self) -> Sequence[str]:
        """Return the address that this plug holds, with its outlet."""
        place = urlsplit(self.url).netloc or self.url
        return [f"{place}#{self.relay}" if self.relay else place]

    def open(self) -> None:
        """Do nothing: each command is a request of its own."""

    def close(self) -> None:
        """Do nothing."""

    def on(self) -> None:
        """Switch on, and make sure of it."""
        self._switch(True)

    def off(self) -> None:
        """Switch off, and make sure of it."""
        self._switch(False)

    def status(self) -> bool:
        """Tell whether the plug is on."""
        return self._command("")

    def _switch(self, on: bool) -> None:
        if self._command("On" if on else "Off") != on:
            raise DeviceError(f"{self.url}: the plug did not switch {'on' if on else 'off'}")

    def _command(self, word: str) -> bool:
        relay = f"Power{self.relay or ''}"
        values = {"cmnd": f"{relay} {word}".strip()}
        if self.username or self.password:
            values |= {"user": self.username or "admin", "password": self.password}
        answer = self._ask(values)
        state = answer.get(relay.upper(), answer.get("POWER"))
        if state not in {"ON", "OFF"}:
            raise DeviceError(f"{self.url}: {answer.get('WARNING') or answer}; wanted {{'{relay.upper()}': 'ON'}}")
        return bool(state == "ON")

    def _ask(self, values: dict[str, str]) -> dict[str, Any]:
        with needs.host_extra("the tasmota controller"):
            import httpx
        try:
            answer = httpx.get(f"{self.url.rstrip('/')}/cm", params=values, timeout=self.timeout, trust_env=False)
            data = answer.json()
        except httpx.HTTPError as error:
            raise DeviceError(f"{self.url}: {str(error) or type(error).__name__}; is the plug reachable?") from error
        except ValueError as error:
            raise DeviceError(f"{self.url}: HTTP {answer.status_code} without JSON: no Tasmota plug") from error
        return data if isinstance(data, dict) else {}
