"""Infrared through LIRC: whatever its daemon can send with, by the names of the keys in its configuration."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from pytest_virtualpytest.exceptions import DeviceError, UnknownName
from virtualpytest_host.lircd import SOCKET, Lircd

_LIRC = {  # the names that LIRC's own remotes have for a key, the likeliest first; any also without KEY_
    "UP": "KEY_UP", "DOWN": "KEY_DOWN", "LEFT": "KEY_LEFT", "RIGHT": "KEY_RIGHT", "OK": "KEY_OK KEY_SELECT KEY_ENTER",
    "BACK": "KEY_BACK KEY_EXIT KEY_ESC", "HOME": "KEY_HOME KEY_HOMEPAGE", "MENU": "KEY_MENU KEY_SETUP",
    "GUIDE": "KEY_EPG KEY_GUIDE KEY_PROGRAM", "INFO": "KEY_INFO", "POWER": "KEY_POWER KEY_POWER2",
    "CHANNEL_UP": "KEY_CHANNELUP KEY_PAGEUP", "CHANNEL_DOWN": "KEY_CHANNELDOWN KEY_PAGEDOWN",
    "VOLUME_UP": "KEY_VOLUMEUP", "VOLUME_DOWN": "KEY_VOLUMEDOWN", "MUTE": "KEY_MUTE",
    "PLAY": "KEY_PLAY KEY_PLAYPAUSE", "PAUSE": "KEY_PAUSE KEY_PLAYPAUSE", "STOP": "KEY_STOP",
    "REWIND": "KEY_REWIND", "FAST_FORWARD": "KEY_FASTFORWARD KEY_FORWARD",
    **{str(digit): f"KEY_{digit} KEY_NUMERIC_{digit} KEY_KP{digit}" for digit in range(10)},
}  # fmt: skip
_WORD = re.compile(r"[^\s\x00-\x1f]+")


@dataclass
class Infrared:
    """The remote that lircd calls *codes*, sent with *emitters* of it (1 the first; none chosen: all it has).

    *repeats* is how often a press is repeated, for devices that want it. *names* says which name of the remote a key
    has where it is not LIRC's usual one. *socket* is lircd's, or ``host:port``.
    """

    codes: str
    socket: str = SOCKET
    emitters: Sequence[int] = ()
    repeats: int = 0
    names: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 5.0
    gives: ClassVar[Sequence[str]] = ("remote",)

    def __post_init__(self) -> None:
        for name, word in {"codes": self.codes, **self.names}.items():
            if not _WORD.fullmatch(word):
                raise DeviceError(f"infrared: {name}: {word!r} is no name of lircd's: no blanks, no line breaks")
        if wrong := [number for number in self.emitters if not 1 <= number <= 32]:
            raise DeviceError(f"infrared: emitters: {wrong[0]} is none; they are counted from 1")

    def resources(self) -> Sequence[str]:
        """Return the remote with its emitters: another remote may use them in its turn."""
        emitters = ",".join(map(str, sorted(set(self.emitters))))
        return [f"{self._lircd.place}#{emitters}/{self.codes}"]

    def open(self) -> None:
        """Learn which keys the remote has."""
        self._known = self._listed()

    def close(self) -> None:
        """Forget them; each key is an exchange of its own."""
        self.__dict__.pop("_known", None)

    def keys(self) -> Sequence[str]:
        """Return the names of its keys; none if lircd cannot be asked."""
        try:
            return list(self._keys())
        except DeviceError:
            return []

    def press(self, key: str, /) -> None:
        """Send *key* once, and again as often as `repeats` says."""
        name = self._name(key)
        with self._lircd.turn(self.emitters) as turn:
            turn.once(self.codes, name, self.repeats)

    def hold(self, key: str, seconds: float, /) -> None:
        """Send *key* and repeat it for *seconds*, as often as the remote itself would; it ends whatever happens."""
        name = self._name(key)
        with self._lircd.turn(self.emitters) as turn:
            end = time.monotonic() + seconds
            with turn.held(self.codes, name):
                time.sleep(max(0.0, end - time.monotonic()))

    @functools.cached_property
    def _lircd(self) -> Lircd:
        return Lircd(self.socket, self.timeout)

    def _name(self, key: str) -> str:
        """Return lircd's name of *key*; its configuration may have been read anew."""
        for fresh in (False, True):
            known = self._keys(fresh=fresh)
            if key in known or key in known.values():
                return known.get(key, key)
        raise UnknownName(f"infrared: {self.codes} has no key {key!r}; keys: {', '.join(known)}")

    def _keys(self, *, fresh: bool = False) -> dict[str, str]:
        """Return lircd's name for each name of ours; what has none of ours keeps lircd's."""
        listed = self.__dict__.get("_known")
        if listed is None or fresh:
            listed = self._listed()
            if "_known" in self.__dict__:
                self._known = listed
        folded = {name.casefold(): name for name in listed}
        ours = {key: found for key, words in _LIRC.items() if (found := _found(words, folded))}
        ours |= {key: name for key, name in self.names.items() if name in listed}
        return ours | {name: name for name in listed if name not in ours.values()}

    def _listed(self) -> list[str]:
        lines = self._lircd.ask("LIST", self.codes)
        return [line.split()[-1] for line in lines if line.split()]


def _found(words: str, folded: Mapping[str, str]) -> str | None:
    for word in words.split():
        for name in (word, word.removeprefix("KEY_")):
            if name.casefold() in folded:
                return folded[name.casefold()]
    return None
