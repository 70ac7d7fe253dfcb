"""Mains power through a plug that runs Tasmota, over its HTTP commands."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host.controllers.outlet import Outlet

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a plug is never behind a proxy


@dataclass
class Tasmota(Outlet):
    """A plug that runs Tasmota; each switching is verified by its own answer.

    The account goes into the request's query, as Tasmota wants it, so nothing here may log or tell a request's address.
    """

    controller: ClassVar[str] = "tasmota"

    def close(self) -> None:
        """Do nothing: each command is a request of its own."""

    def status(self) -> bool:
        """Tell whether the plug is on."""
        return self._command("")

    def _switch(self, on: bool) -> None:
        if self._command("On" if on else "Off") != on:
            raise DeviceError(f"{self._address}: the plug did not switch {'on' if on else 'off'}")

    def _command(self, word: str) -> bool:
        relay = f"Power{self.relay or ''}"
        answer = self._answer(f"{relay} {word}".strip())
        state = answer.get(relay.upper(), answer.get("POWER"))
        if state not in {"ON", "OFF"}:
            said = json.dumps(answer)
            raise DeviceError(f"{self._address}: the plug answers {said} to {relay}, not ON or OFF; has it that relay?")
        return bool(state == "ON")

    def _answer(self, command: str) -> dict[str, Any]:
        status, body = self._ask(command)
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if status == 401 or (isinstance(answer, dict) and "WARNING" in answer):
            who = f"account {self._account[0]!r}" if self._account else "a request without an account"
            raise DeviceError(f"{self._address}: the plug refuses {who}; set the username and password of its web page")
        if not isinstance(answer, dict):
            raise DeviceError(f"{self._address}: HTTP {status} without JSON; is this a Tasmota plug?")
        return answer

    @property
    def _account(self) -> tuple[str, str] | None:
        where = self._address
        username, password = self.username or where.username, self.password or where.password
        return (username or "admin", password) if username or password else None

    def _ask(self, command: str) -> tuple[int, bytes]:
        values = {"cmnd": command}
        if self._account:
            values["user"], values["password"] = self._account
        try:
            url = f"{self._address}/cm?{urlencode(values, quote_via=quote)}"
            with _DIRECT.open(url, timeout=self.timeout) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except (OSError, http.client.HTTPException) as error:
            reason = self._reason(getattr(error, "reason", error))
            raise DeviceError(f"{self._address}: {reason}; is the plug reachable, and the url right?") from error

    def _reason(self, reason: object) -> str:
        if isinstance(reason, TimeoutError):
            return f"no answer within {self.timeout:g} s"
        return str(getattr(reason, "strerror", None) or reason) or type(reason).__name__
