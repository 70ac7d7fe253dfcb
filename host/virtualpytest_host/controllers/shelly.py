"""Mains power through a Shelly plug or relay, over its HTTP interface of either generation.

The first generation answers ``/relay/0?turn=on``, those after it ``/rpc/Switch.Set?id=0&on=true``
(https://shelly-api-docs.shelly.cloud); ``/shelly``, which needs no account, tells which it is.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host import needs
from virtualpytest_host.controllers.outlet import Outlet

if TYPE_CHECKING:
    import httpx


@dataclass
class Shelly(Outlet):
    """A Shelly plug or relay; each switching is read back."""

    controller: ClassVar[str] = "shelly"
    username: str = "admin"

    def close(self) -> None:
        """Close the connection."""
        self.__dict__.pop("_modern", None)
        if "_client" in self.__dict__:
            self.__dict__.pop("_client").close()

    def status(self) -> bool:
        """Tell whether the outlet is on."""
        if self._modern:
            return self._flag(self._ask("/rpc/Switch.GetStatus", {"id": str(self.relay)}), "output")
        return self._flag(self._ask(f"/relay/{self.relay}"), "ison")

    def _switch(self, on: bool) -> None:
        if self._modern:
            self._ask("/rpc/Switch.Set", {"id": str(self.relay), "on": str(on).lower()})
        else:
            self._ask(f"/relay/{self.relay}", {"turn": "on" if on else "off"})
        if self.status() != on:
            raise DeviceError(f"{self._address}: the plug did not switch {'on' if on else 'off'}")

    @property
    def _username(self) -> str:
        return self._address.username or self.username

    @functools.cached_property
    def _modern(self) -> bool:
        """Whether it is of the second generation or a later one."""
        told = self._ask("/shelly")
        if not {"gen", "type"} & set(told):
            raise DeviceError(f"{self._address}: /shelly tells neither gen nor type; is this a Shelly?")
        return "gen" in told

    @functools.cached_property
    def _client(self) -> httpx.Client:
        with needs.host_extra("the shelly controller"):
            import httpx
        return httpx.Client(base_url=str(self._address), timeout=self.timeout, trust_env=False)

    def _auth(self) -> httpx.Auth | None:
        import httpx

        username, password = self._username, self.password or self._address.password
        if not password:
            return None
        modern = self.__dict__.get("_modern")
        return httpx.DigestAuth(username, password) if modern else httpx.BasicAuth(username, password)

    def _ask(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        client, where = self._client, self._address
        import httpx

        try:
            answer = client.get(path, params=query, auth=None if path == "/shelly" else self._auth())
        except httpx.TimeoutException as error:
            raise DeviceError(f"{where}: no answer within {self.timeout:g} s; is the plug reachable?") from error
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise DeviceError(f"{where}: {reason}; is the plug reachable, and the url right?") from error
        return self._told(answer, path)

    def _told(self, answer: httpx.Response, path: str) -> dict[str, Any]:
        where = self._address
        if answer.status_code == 401:
            who = f"account {self._username!r}" if self._auth() else "a request without a password"
            raise DeviceError(f"{where}: the plug refuses {who}; set the username and password of its web page")
        if answer.is_error:
            raise DeviceError(f"{where}: HTTP {answer.status_code} for {path}; has it the outlet {self.relay}?")
        try:
            told = answer.json()
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise DeviceError(f"{where}: no JSON object for {path}; is this a Shelly?")
        return told

    def _flag(self, told: Mapping[str, Any], name: str) -> bool:
        if not isinstance(told.get(name), bool):
            raise DeviceError(f"{self._address}: the plug does not tell {name!r} of outlet {self.relay}")
        return bool(told[name])
