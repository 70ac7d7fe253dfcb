"""Trouble that lasts, told from samples."""

from __future__ import annotations

import pytest
from virtualpytest_host.spells import Spell


def _fed(spell: Spell, samples: str, *, begin: float = 0.0) -> list[tuple[float, str]]:
    """Return what *samples*, one a second, ``x`` where it is so, bring, with the time of each."""
    news = [(begin + number, spell.see(mark == "x", begin + number, 0.1)) for number, mark in enumerate(samples)]
    return [(at, how) for at, how in news if how]


def test_what_lasts_is_told_once_and_when_it_is_over() -> None:
    spell = Spell(3)

    assert _fed(spell, "..xxxxxx.") == [(5, "begun"), (8, "over")]
    assert (spell.begin, spell.begin_error, spell.end, spell.end_error) == pytest.approx((2, 1.1, 8, 1.1))


def test_what_does_not_last_is_not_told() -> None:
    assert _fed(Spell(3), ".xxx.xxx.x.xx.") == []


def test_the_begin_of_what_was_there_before_is_not_known() -> None:
    spell = Spell(2)

    assert _fed(spell, "xxxx") == [(2, "begun")]
    assert spell.begin_error is None


def test_a_begin_that_is_known_later_is_held_against_the_sample_before_it() -> None:
    spell = Spell(2)
    _fed(spell, "...")  # the last of these is the first that stands still

    told = [spell.see(True, at, 0.0, since=2.0) for at in (3.0, 4.0, 5.0)]

    assert told == ["", "begun", ""]
    assert (spell.begin, spell.begin_error) == (2.0, 1.0)


def test_the_next_one_is_told_again() -> None:
    assert _fed(Spell(1), ".xxx.xxx.") == [(2, "begun"), (4, "over"), (6, "begun"), (8, "over")]
