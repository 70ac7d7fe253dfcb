"""Keys over HTTP in Roku's External Control Protocol: a real Roku and the virtual box alike."""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from pytest_virtualpytest.exceptions import DeviceError, UnknownName
from virtualpytest_host import needs
from virtualpytest_host.controllers import address

if TYPE_CHECKING:
    import httpx

_KEYS = {
    "UP": "Up", "DOWN": "Down", "LEFT": "Left", "RIGHT": "Right", "OK": "Select", "BACK": "Back", "HOME": "Home",
    "MENU": "Menu", "GUIDE": "Guide", "INFO": "Info", "POWER": "Power", "POWER_ON": "PowerOn", "POWER_OFF": "PowerOff",
    "CHANNEL_UP": "ChannelUp", "CHANNEL_DOWN": "ChannelDown", "VOLUME_UP": "VolumeUp", "VOLUME_DOWN": "VolumeDown",
    "MUTE": "VolumeMute", "PLAY": "Play", "REWIND": "Rev", "FAST_FORWARD": "Fwd", "REPLAY": "InstantReplay",
    "SEARCH": "Search", "ENTER": "Enter", "BACKSPACE": "Backspace",
    **{str(digit): f"Lit_{digit}" for digit in range(10)},
}  # fmt: skip


@dataclass
class Ecp:
    """A remote at *url*, such as ``http://192.0.2.7:8060``; a key that is not answered in *timeout* seconds failed.

    A key is never sent twice, whatever happens to its answer.
    """

    url: str = field(repr=False)
    timeout: float = 5.0
    gives: ClassVar[Sequence[str]] = ("remote",)

    def resources(self) -> Sequence[str]:
        """Return the address that this remote holds."""
        return [self._address.place]

    def open(self) -> None:
        """Make the client, so that its making is no part of the first key's time; the first key connects."""
        _ = self._client

    def close(self) -> None:
        """Close the connection."""
        if "_client" in self.__dict__:
            self.__dict__.pop("_client").close()

    def keys(self) -> Sequence[str]:
        """Return the names of its keys."""
        return list(_KEYS)

    def press(self, key: str, /) -> None:
        """Press and release *key*."""
        self._post(f"/keypress/{_name(key)}")

    def hold(self, key: str, seconds: float, /) -> None:
        """Keep *key* down for *seconds*; it goes up again whatever happens meanwhile."""
        name = _name(key)
        self._post(f"/keydown/{name}")
        try:
            time.sleep(seconds)
        finally:
            self._post(f"/keyup/{name}")

    def type(self, text: str, /) -> None:
        """Enter *text*, one character after the other."""
        for character in text:
            self._post(f"/keypress/Lit_{quote(character, safe='')}")

    @functools.cached_property
    def _address(self) -> address.Address:
        return address.parse(self.url, "ecp")

    @functools.cached_property
    def _client(self) -> httpx.Client:
        with needs.host_extra("the ecp controller"):
            import httpx
        return httpx.Client(base_url=str(self._address), timeout=self.timeout, trust_env=False)

    def _post(self, path: str) -> None:
        client, where = self._client, self._address
        import httpx

        try:
            answer = client.post(path)
        except httpx.TimeoutException as error:
            raise DeviceError(f"{where}: no answer to {path} within {self.timeout:g} s; is the device well?") from error
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise DeviceError(f"{where}: {reason}; is the device on, and the url right?") from error
        if answer.status_code == 503:
            raise DeviceError(f"{where}: {answer.text or 'busy'}; only one remote at a time may use it")
        if answer.is_error:
            raise DeviceError(f"{where}: HTTP {answer.status_code} for {path}; a Roku must allow control by apps")


def _name(key: str) -> str:
    if key not in _KEYS:
        raise UnknownName(f"ecp: unknown key {key!r}; keys: {', '.join(_KEYS)}")
    return _KEYS[key]
