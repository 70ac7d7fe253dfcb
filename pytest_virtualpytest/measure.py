"""`measure`: a figure of a test, kept in its results and held against its limits."""

from __future__ import annotations

from collections.abc import Callable

from pytest_virtualpytest.exceptions import OutOfLimits
from pytest_virtualpytest.models import Duration, Measurement
from pytest_virtualpytest.report import Report

NEAR = "the limit lies within the error"


class Measure:
    """What the `measure` fixture is; *keep* takes each measurement, whether it is within its limits or not."""

    def __init__(self, report: Report, keep: Callable[[Measurement], None]) -> None:
        self._report, self._keep = report, keep

    def __call__(
        self,
        name: str,
        value: Duration | float,
        *,
        minimum: float | None = None,
        maximum: float | None = None,
        unit: str = "s",
    ) -> Measurement:
        """Keep *value* under *name*, and raise OutOfLimits if it is below *minimum* or above *maximum*."""
        __tracebackhide__ = True
        made = measurement(name, value, minimum, maximum, unit)
        with self._report.step(f"measure {in_words(made)}", {}):
            self._keep(made)
            self._report.parameter(name, in_words(made).partition(": ")[2], excluded=True)
            if not within(made):
                raise OutOfLimits(in_words(made))
        return made


def measurement(
    name: str, value: Duration | float, minimum: float | None, maximum: float | None, unit: str
) -> Measurement:
    """Return the record of *value*; its note says what a reader must know of it."""
    error = value.error if isinstance(value, Duration) else 0.0
    notes = ["" if not isinstance(value, Duration) or value.calibrated else "plus the capture's unknown latency"]
    limits = [limit for limit in (minimum, maximum) if limit is not None]
    notes += [NEAR] if any(abs(float(value) - limit) <= error for limit in limits) and error else []
    return Measurement(name, float(value), unit, error, minimum, maximum, "; ".join(filter(None, notes)))


def within(made: Measurement) -> bool:
    """Tell whether the figure is within its limits."""
    low = made.minimum is None or made.value >= made.minimum
    return low and (made.maximum is None or made.value <= made.maximum)


def in_words(made: Measurement) -> str:
    """Return the figure as a person reads it: ``zap: 1.234 s ± 0.02 s, at most 2.5 s``."""
    words = [f"{made.name}: {made.value:.4g} {made.unit}" + (f" ± {made.error:.2g} {made.unit}" if made.error else "")]
    words += [f"at least {made.minimum:g} {made.unit}"] if made.minimum is not None else []
    words += [f"at most {made.maximum:g} {made.unit}"] if made.maximum is not None else []
    return ", ".join(words) + (f"; {made.note}" if made.note else "")
