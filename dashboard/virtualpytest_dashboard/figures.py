"""The figures that a test measured, in words, each held against its limits."""

from __future__ import annotations

from collections.abc import Iterator

from virtualpytest_dashboard import allure
from virtualpytest_dashboard.records import Measured


def measured(verdict: allure.Document) -> list[Measured]:
    """Return the measurements in the journal's *verdict* on a test; what is no figure is left out."""
    found = allure.members(verdict.get("measurements"))
    return [_measured(member) for member in found if _number(member.get("value")) is not None]


def _measured(member: allure.Document) -> Measured:
    value, error = _number(member.get("value")) or 0.0, _number(member.get("error"))
    low, high = _number(member.get("minimum")), _number(member.get("maximum"))
    unit = allure.text(member.get("unit"))
    return Measured(
        name=allure.text(member.get("name")),
        value=f"{value:.4g} {unit}" + (f" ± {error:.2g} {unit}" if error else ""),
        limit=", ".join(_limits(low, high, unit)),
        within=(low is None or value >= low) and (high is None or value <= high),
        note=allure.text(member.get("note")),
    )


def _limits(low: float | None, high: float | None, unit: str) -> Iterator[str]:
    if low is not None:
        yield f"at least {low:g} {unit}"
    if high is not None:
        yield f"at most {high:g} {unit}"


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
