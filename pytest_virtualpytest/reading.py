"""What a test reads off a device's screen."""

from __future__ import annotations

from typing import Any

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.link import Link
from pytest_virtualpytest.looking import Area, Looking
from pytest_virtualpytest.models import Region, Words
from pytest_virtualpytest.targets import Target, Text
from pytest_virtualpytest.targets.colours import Colour, rgb


class Reads:
    """The part of a screen that reads; all of it on the newest frame captured after the device's last input."""

    _link: Link
    _looking: Looking
    _at: dict[str, float]  # the frame that is read, where it is not the newest

    def read_text(
        self, region: Area = None, *, lang: str | None = None, colour: Colour | None = None, confidence: float = 0.3
    ) -> str:
        """Return what is written within *region*, line by line; words less sure than *confidence* are left out."""
        __tracebackhide__ = True
        with self._link.step("read text", {"region": region, "lang": lang}):
            manner = self._manner(region, lang, colour, confidence)
            return str(self._link.call("screen.read_text", manner).value)

    def find_text(self, text: Text | str, *, region: Area = None) -> list[Words]:
        """Return every place of *text*: what was read there, where, and how sure."""
        __tracebackhide__ = True
        wanted = self._looking.resolved(_as_text(text), region)
        with self._link.step(f"find {wanted}", {"target": wanted, "region": region}):
            reply = self._link.call("screen.find_text", {"target": self._looking.shipped(wanted), **self._at})
            return [Words.from_wire(one) for one in reply.value]

    def read_table(
        self, region: Area = None, *, lang: str | None = None, colour: Colour | None = None, confidence: float = 0.3
    ) -> dict[str, str]:
        """Return the names and values of a screen with two columns, or with a colon after each name."""
        __tracebackhide__ = True
        with self._link.step("read table", {"region": region, "lang": lang}):
            manner = self._manner(region, lang, colour, confidence)
            return dict(self._link.call("screen.read_table", manner).value)

    def _manner(self, region: Area, lang: str | None, colour: Colour | None, confidence: float) -> dict[str, Any]:
        return {
            "region": list(Region(*region)) if region else None,
            "lang": lang or self._looking.lang,
            "colour": list(rgb(colour, "read text")) if colour else None,
            "confidence": confidence,
            **self._at,
        }


def _as_text(text: Target | str) -> Text:
    if isinstance(text, str):
        return Text(text)
    if not isinstance(text, Text):
        raise VirtualPytestError(f"{text} is no text; write Text(...), or use find_all")
    return text
