"""How long after a key, or after another sighting, something was seen, and how sure that is."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.models import Press, Sighting

PRESS = Press("OK", before=100.0, after=100.02, boot="here")


def sighting(**facts: Any) -> Sighting:
    known = {"captured": 101.0, "error": 0.03, "pts": 7.0, "boot": "here", "stream": 4}
    return Sighting(True, "home.png", **{**known, **facts})


def test_time_after_a_key_counts_from_the_middle_of_its_sending() -> None:
    duration = sighting().after(PRESS)

    assert duration.seconds == pytest.approx(0.99)
    assert duration.error == pytest.approx(0.04)
    assert str(duration) == "0.990 s ± 40 ms"


def test_time_after_a_key_says_that_the_latency_is_unknown() -> None:
    duration = sighting(calibrated=False).after(PRESS)

    assert str(duration) == "0.990 s ± 40 ms plus the capture's unknown latency"


def test_time_between_two_sightings_is_the_streams_own() -> None:
    earlier = sighting(captured=90.0, pts=6.6)

    duration = sighting(calibrated=False).after(earlier)

    assert duration.seconds == pytest.approx(0.4)
    assert duration.error == 0.04
    assert duration.calibrated


def test_time_between_two_pieces_of_a_stream_is_the_machines() -> None:
    earlier = sighting(captured=99.5, error=0.02, pts=4000.0, stream=3)

    duration = sighting(calibrated=False).after(earlier)

    assert duration.seconds == pytest.approx(1.5)
    assert duration.error == pytest.approx(0.05)
    assert duration.calibrated


@pytest.mark.parametrize("earlier", [PRESS, sighting()])
def test_times_of_two_machines_are_not_compared(earlier: Press | Sighting) -> None:
    with pytest.raises(VirtualPytestError, match=r"home\.png: cannot compare times of two boots or two machines"):
        sighting(boot="there").after(earlier)


def test_sighting_survives_the_wire() -> None:
    assert Sighting.from_wire(sighting().to_wire()) == sighting()
