"""Our answers beside those of an exhaustive search of every place, at full resolution and in colour."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from agreement import RIGHT, judged, noisy, tally, trials
from drawn import Colour, blank, button, coded, on, reference, screens
from painted import every_screen
from virtualpytest_host.vision.match import find


def test_answers_are_those_of_an_exhaustive_search() -> None:
    told, wrong = tally([judged(trial) for trial in trials(every_screen(0), 80, 1)])

    assert wrong == []
    assert told["rejected"] > 10
    assert told["same"] > 30


@pytest.mark.soak
@pytest.mark.parametrize("seed", [2, 3])
def test_answers_to_a_thousand_parts_are_those_of_an_exhaustive_search(seed: int) -> None:
    outcomes = [judged(trial) for trial in trials(every_screen(seed, seed + 1), 1000, seed)]
    told, wrong = tally(outcomes)

    assert sum(told[word] for word in RIGHT) >= 995, wrong
    assert [one.trial.name for one in outcomes if one.word in {"missed", "invented"} and not one.trial.small] == []


def colours(count: int) -> list[tuple[Colour, Colour]]:
    """Return pairs of colours of one brightness that an eye tells apart, gray among them."""
    random, made = np.random.default_rng(4), list[tuple[Colour, Colour]]()
    while len(made) < count:
        one, other = random.integers(30, 226, (2, 3)).astype(np.uint8)
        if len(made) % 2:
            one[:] = gray(one)
        if gray(one) == gray(other) and np.abs(one.astype(int) - other).max() >= 40:
            made.append((tuple(map(int, one)), tuple(map(int, other))))  # type: ignore[arg-type]  # of three
    return made


def gray(colour: np.ndarray) -> int:
    return int(cv2.cvtColor(colour.reshape(1, 1, 3), cv2.COLOR_BGR2GRAY)[0, 0])


def test_button_of_another_colour_and_the_same_brightness_is_never_the_button() -> None:
    for one, other in colours(40):
        frame = coded([on(blank(), button(colour=one), (101, 57))])[0]

        assert find(frame, reference(button(colour=one))).found, one
        assert not find(frame, reference(button(colour=other))).found, (one, other)


def test_part_of_a_bar_that_is_alike_all_along_is_where_it_is() -> None:
    """A coarse level's lowest place along such a bar says nothing of where on it the part is."""
    menu = screens()["settings-2"]

    found = find(noisy(menu), reference(menu[284 : 284 + 90, 147 : 147 + 160]))

    assert found.region == (147, 284, 160, 90)
