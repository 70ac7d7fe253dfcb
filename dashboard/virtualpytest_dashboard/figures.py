"""The figures that a test measured, read from what its verdict says, and in words."""

from __future__ import annotations

import math
from typing import Any

from virtualpytest_dashboard import allure
from virtualpytest_dashboard.records import Measured, limit

_LONGEST = 500  # letters of a figure's name: by it figures are found
NONE: dict[str, Any] = {"name": "", "unit": "", "value": 0.0, "minimum": None, "maximum": None, "outside": False}


def measured(verdict: allure.Document) -> list[Measured]:
    """Return the measurements in the journal's *verdict* on a test; what is no figure is left out."""
    found = allure.members(verdict.get("measurements"))
    return [_measured(member, figure) for member in found if (figure := read(member))]


def read(member: allure.Document) -> dict[str, Any] | None:
    """Return name, unit, value, limits and whether it is outside of them, None if *member* is no figure."""
    value, low, high = (_number(member.get(key)) for key in ("value", "minimum", "maximum"))
    if value is None:
        return None
    outside = (low is not None and value < low) or (high is not None and value > high)
    named = {"name": allure.text(member.get("name"))[:_LONGEST], "unit": allure.text(member.get("unit"))}
    return {**named, "value": value, "minimum": low, "maximum": high, "outside": outside}


def _measured(member: allure.Document, figure: dict[str, Any]) -> Measured:
    unit, error = figure["unit"], _number(member.get("error"))
    return Measured(
        name=figure["name"],
        value=f"{figure['value']:.4g} {unit}" + (f" ± {error:.2g} {unit}" if error else ""),
        limit=limit(figure["minimum"], figure["maximum"], unit),
        within=not figure["outside"],
        note=allure.text(member.get("note")),
    )


def _number(value: object) -> float | None:
    """Return *value* as a number that can be drawn: no infinity, and nothing beyond what a float holds."""
    if not isinstance(value, int | float) or abs(value) > 1e300 or math.isnan(value):
        return None
    return float(value)
