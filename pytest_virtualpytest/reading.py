"""What a test reads off a device's screen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pytest_virtualpytest.exceptions import NotSeen, VirtualPytestError
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
        self,
        region: Area = None,
        *,
        lang: str | None = None,
        colour: Colour | None = None,
        confidence: float = 0.3,
        labels: Mapping[str, str] | None = None,
    ) -> dict[str, str]:
        """Return the names and values of a screen with two columns, or with a colon after each name.

        They go into the test's results, and those of *labels*, which row each label is the value of, become labels:
        ``labels={"firmware": "Software version"}``; NotSeen if such a row was not read.
        """
        __tracebackhide__ = True
        with self._link.step("read table", {"region": region, "lang": lang}):
            manner = self._manner(region, lang, colour, confidence)
            table = dict(self._link.call("screen.read_table", manner).value)
            self._link.report.attach("table", json.dumps(table, ensure_ascii=False, indent=1), "json")
        for label, row in (labels or {}).items():
            self._link.report.label(label, _value(table, row, label))
        return table

    def _manner(self, region: Area, lang: str | None, colour: Colour | None, confidence: float) -> dict[str, Any]:
        return {
            "region": list(Region(*region)) if region else None,
            "lang": lang or self._looking.lang,
            "colour": list(rgb(colour, "read text")) if colour else None,
            "confidence": confidence,
            **self._at,
        }


def _value(table: Mapping[str, str], row: str, label: str) -> str:
    """Return the value of *row*, in whatever case it was read."""
    values = {name.casefold(): value for name, value in table.items()}
    if row.casefold() not in values:
        raise NotSeen(f"label {label!r}: no row {row!r} was read; there are {', '.join(table) or 'none'}")
    return values[row.casefold()]


def _as_text(text: Target | str) -> Text:
    if isinstance(text, str):
        return Text(text)
    if not isinstance(text, Text):
        raise VirtualPytestError(f"{text} is no text; write Text(...), or use find_all")
    return text
