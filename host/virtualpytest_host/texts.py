"""What is written on a device's screen: each method is one call of a client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_virtualpytest import targets
from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.wire import Reply
from virtualpytest_host.hands import Inputs
from virtualpytest_host.picture import Picture
from virtualpytest_host.stream import Stream


class Reads:
    """The part of a screen that reads: the newest frame after the last input, or the one captured *at* a time."""

    _stream: Stream
    _inputs: Inputs
    _still: Picture | None = None

    def read_text(self, at: float | None = None, **manner: Any) -> Reply:
        """Return what is written there, line by line."""
        from virtualpytest_host.vision import reading

        read = reading.lines(self._picture(at), _manner(**manner))
        return Reply("\n".join(reading.plain(line) for line in read))

    def find_text(self, target: Mapping[str, Any], at: float | None = None) -> Reply:
        """Return every place of a text, with what was read there and how sure."""
        from virtualpytest_host.vision import reading
        from virtualpytest_host.vision.text import SeesText

        wanted = targets.from_wire(target)
        if not isinstance(wanted, targets.Text):
            raise VirtualPytestError(f"{wanted} is no text; write Text(...)")
        hits = SeesText(wanted).hits(self._picture(at))
        return Reply(
            [
                {
                    "text": reading.plain(hit.words),
                    "region": list(reading.around(hit.words)),
                    "confidence": reading.sure(hit.words),
                }
                for hit in hits
            ]
        )

    def read_table(self, at: float | None = None, **manner: Any) -> Reply:
        """Return the rows of two columns, or of a name and a colon, as names and values."""
        from virtualpytest_host.vision import table

        return Reply(table.read(self._picture(at), _manner(**manner)))

    def _picture(self, at: float | None) -> Picture:
        """Return the picture to judge; one of a time is kept for the next question about it."""
        if at is None:
            return self._stream.after(self._inputs.last)
        if self._still is None or self._still.captured != at:
            self._still = self._stream.at(at)
        return self._still


def _manner(region: Sequence[int] | None = None, colour: Sequence[int] | None = None, **others: Any) -> Any:
    from virtualpytest_host.vision.reading import Manner

    box = Region(*region) if region else None
    ink = (colour[0], colour[1], colour[2]) if colour else None
    return Manner(region=box, colour=ink, **others)
