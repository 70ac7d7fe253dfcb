"""Virtual boxes for tests: started with options, driven by plain HTTP, ended in the end."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from until import until
from virtualpytest_host import virtual
from virtualpytest_host.virtual.control import Box

from pytest_virtualpytest.process import status


@dataclass(frozen=True)
class Answer:
    """What a port of the box answered."""

    status: int
    text: str


class Client:
    """One connection to a port of a box, kept as long as the client lives."""

    def __init__(self, port: int, patience: float = 10) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)

    def ask(self, path: str, method: str = "GET") -> Answer:
        """Send a request, and return the answer."""
        self._connection.request(method, path)
        answer = self._connection.getresponse()
        return Answer(answer.status, answer.read().decode())

    def press(self, key: str, action: str = "keypress") -> Answer:
        """Press a key, by its ECP name."""
        return self.ask(f"/{action}/{key}", "POST")

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


class Bench(Box):
    """A running box, with a client for each of its ports."""

    def port(self, side: str) -> int:
        """Return the number of the port *side*."""
        return int(self.state["ports"][side])

    def client(self, side: str, patience: float = 10) -> contextlib.closing[Client]:
        """Return a connection of one's own to the port *side*."""
        return contextlib.closing(Client(self.port(side), patience))

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        with self.client("keys") as client:
            for key in keys:
                assert client.press(key).status == 200

    def events(self, event: str, after: float = 0.0) -> list[dict[str, Any]]:
        """Return the lines of the truth about *event*."""
        return [line for line in self.truth() if line["event"] == event and line["at"] >= after]

    def shown(self) -> str:
        """Return the name of the screen that was sent last."""
        return str(self.events("screen")[-1]["state"])

    def since(self) -> float:
        """Return the box's time at which what it shows began."""
        return float(self.events("screen")[-1]["pts"])

    def rest(self) -> None:
        """Bring the box to where each test begins: no fault, power, live television on the first channel, no banner."""
        self.clear()
        with self.client("power") as plug:
            plug.ask("/cm?cmnd=Power%20On")
        until(lambda: self.shown() not in {"boot", "no-signal"})
        self.press("PowerOn", "Back")
        until(lambda: self.shown().startswith("live"))
        if self.shown() != "live:0":
            self.press("Lit_1")
            until(lambda: self.shown() == "live:0+banner")
            self.press("Back")
        until(lambda: self.shown() == "live:0")


@contextlib.contextmanager
def running(name: str, *options: str) -> Iterator[Bench]:
    """Run a box of one's own, started with *options*."""
    with contextlib.closing(virtual.attach("stb", name, options)):
        try:
            yield Bench(name)
        finally:
            virtual.stop(name)


def alive(pid: int) -> bool:
    """Tell whether the process *pid* lives, a zombie not counted."""
    return any(status(pid))
