"""A virtual box whose screen is judged over a real gateway, and what is true of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import Any

from bench import Host
from virtualpytest_host import references
from virtualpytest_host.controllers.video import Video
from virtualpytest_host.virtual import life
from virtualpytest_host.virtual.control import Box

from pytest_virtualpytest import targets
from pytest_virtualpytest.capabilities import Source
from pytest_virtualpytest.gateway import Gateway, Gateways
from pytest_virtualpytest.models import Press, Sighting
from pytest_virtualpytest.targets import Image, Target
from pytest_virtualpytest.wire import Call, Reply

_PICTURES = resources.files("virtualpytest_host.virtual") / "pictures"


def image(name: str) -> Image:
    """Return the virtual product's reference *name*, whose content this machine then has."""
    content = (_PICTURES / f"{name}.png").read_bytes()
    sha = hashlib.sha256(content).hexdigest()
    references.put(sha, content)
    return Image(f"{name}.png", sha=sha)


@dataclass
class Watched:
    """A leased device *name* on host ``rack1``."""

    gateway: Gateway
    name: str
    source: Source
    token: int

    @property
    def box(self) -> Box:
        """The box behind it."""
        return Box(self.name)

    def call(self, method: str, deadline: float = 40.0, **args: Any) -> Reply:
        """Call the device."""
        return self.gateway.call(Call(method, self.name, args, self.token, deadline))

    def press(self, key: str) -> Press:
        """Press a key."""
        return Press.from_wire(self.call("remote.press", key=key).value)

    def find(self, target: Target) -> Sighting:
        """Tell whether *target* is there now."""
        return Sighting.from_wire(self.call("screen.find", target=targets.to_wire(target)).value)

    def wait_for(
        self, target: Target, timeout: float = 15.0, since: Press | Sighting | float | None = None
    ) -> Sighting:
        """Wait for *target*."""
        if isinstance(since, Sighting):
            since = Press("", since.captured, since.captured, since.boot)
        moment = since.to_wire() if isinstance(since, Press) else since
        args = {"target": targets.to_wire(target), "timeout": timeout, "since": moment}
        return Sighting.from_wire(self.call("screen.wait_for", timeout + 20, **args).value)

    def show(self, key: str, reference: str) -> None:
        """Press *key* and wait until the product shows *reference*."""
        self.wait_for(image(reference), since=self.press(key))


@contextmanager
def watched(
    name: str, options: Sequence[str] = (), gateways: Gateways | None = None, **video: Any
) -> Iterator[Watched]:
    """Give the virtual box *name*, started with *options*, leased; *video* is what its capture is known to be."""
    with closing(life.attach("stb", name, options)) as attachment:
        first, *others = attachment.controllers
        controllers = [{**first, "settings": first["settings"] | video}, *others]
        spec = {"name": name, "virtual": None, "controllers": controllers}
        with device(spec, gateways) as (gateway, token):
            yield Watched(gateway, name, Video(**controllers[0]["settings"]).stream(), token)


@contextmanager
def device(spec: dict[str, Any], gateways: Gateways | None = None) -> Iterator[tuple[Gateway, int]]:
    """Give a gateway to host ``rack1`` where the device of *spec* is leased, and the lease's token."""
    with closing(gateways or Gateways({"rack1": Host()})) as opened:
        gateway = opened.of("rack1")
        gateway.attach(spec)
        yield gateway, gateway.lease(str(spec["name"]), {"user": "ann"})
