"""Page objects: what a screen of the product shows, each property read from one and the same frame."""

from __future__ import annotations

import functools
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_virtualpytest import targets
from pytest_virtualpytest.models import Press, Sighting
from pytest_virtualpytest.targets import Image, Target

if TYPE_CHECKING:
    from pytest_virtualpytest.device import Device


class Page:
    """A screen of the product, as *device* shows it now, or showed it when it was *seen*.

    A page of one's own says in `shows` how it is told from others, and has properties that ask `self.screen`, which is
    one frame that stands still: `functools.cached_property` asks once. It is true if the frame shows it; pictures are
    looked up beside the file of the class. ``Guide.wait_for(stb)``, or ``Guide.target()`` within another target.
    """

    shows: ClassVar[Target | str]

    def __init__(self, device: Device, seen: Sighting | None = None) -> None:
        self.device = device
        self.screen = device.screen.still(seen)

    def __bool__(self) -> bool:
        return self.is_visible

    @functools.cached_property
    def is_visible(self) -> bool:
        """Whether the frame shows this page."""
        return bool(self.screen.find(type(self).target()))

    @classmethod
    def target(cls) -> Target:
        """Return what tells this page from others."""
        folder = Path(inspect.getfile(cls)).parent

        def beside(image: Image) -> Image:
            own = folder / image.name
            return Image(**{**vars(image), "name": str(own) if own.is_file() else image.name})

        return targets.resolve(cls.shows, beside)

    @classmethod
    def wait_for(cls, device: Device, *, timeout: float | None = None, since: Press | Sighting | None = None) -> Self:
        """Return the page in the first frame that shows it, or raise NotSeen, as `screen.wait_for` does."""
        __tracebackhide__ = True
        return cls(device, device.screen.wait_for(cls.target(), timeout=timeout, since=since))
