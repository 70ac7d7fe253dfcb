"""Quantities as people write them, and impairments that are made of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_virtualpytest import quantities
from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.traffic import Impairment


@pytest.mark.parametrize(
    ("text", "bits"),
    [("2 Mbit/s", 2e6), ("2.5Mbit/s", 2.5e6), (" 800 kbit/s ", 8e5), ("1 Gbit/s", 1e9), ("9 bit/s", 9), (0.5, 0.5)],
)
def test_rate_is_bits_a_second(text: str | float, bits: float) -> None:
    assert quantities.rate(text, "bandwidth") == bits


@pytest.mark.parametrize(("text", "seconds"), [("80 ms", 0.08), ("5µs", 5e-6), ("5 us", 5e-6), ("1.5 s", 1.5), (2, 2)])
def test_time_is_seconds(text: str | float, seconds: float) -> None:
    assert quantities.seconds(text, "latency") == pytest.approx(seconds)


@pytest.mark.parametrize(("text", "share"), [("2 %", 0.02), ("0.5%", 0.005), ("3 ‰", 0.003), ("100 %", 1), (0.2, 0.2)])
def test_share_is_a_fraction(text: str | float, share: float) -> None:
    assert quantities.share(text, "loss") == pytest.approx(share)


@pytest.mark.parametrize(
    "text",
    ["", "fast", "2", "2 mbps", "2 Mbit", "-2 Mbit/s", "1e6 bit/s", "2 MBit/s", "２ ms", -1, float("inf"), True],
)
@pytest.mark.parametrize("read", [quantities.rate, quantities.seconds, quantities.share])
def test_what_is_none_is_an_error_that_shows_it_and_names_the_units(
    read: Callable[[str | float, str], float], text: str | float
) -> None:
    with pytest.raises(VirtualPytestError, match=r"^it .+ is none; wanted .+ such as '.+' \(units: .+\)$") as caught:
        read(text, "it")

    assert repr(text) in caught.value.message


@pytest.mark.parametrize("value", [1, 1.0, 2, "101 %"])
def test_share_that_may_be_meant_as_percent_is_asked_about(value: str | float) -> None:
    with pytest.raises(VirtualPytestError, match=r"^loss .+ is doubtful; wanted a fraction below 1, or a text such as"):
        quantities.share(value, "loss")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"jitter": 0.005}, "jitter 0.005 s is more than the latency, 0 s"),
        ({"bandwidth": 100.0}, "bandwidth 100 bit/s is too little; the least is 8000 bit/s"),
        ({"latency": 90.0}, "90000 ms is impossible; wanted a loss of 0 to 1, a latency up to 60 s"),
        ({"loss": 1.5}, "loss 150 % is impossible; wanted a loss of 0 to 1, a latency up to 60 s"),
    ],
)
def test_link_that_cannot_be_is_refused(values: dict[str, float], complaint: str) -> None:
    with pytest.raises(VirtualPytestError) as caught:
        Impairment(**values)

    assert caught.value.message == complaint


def test_impairment_is_told_in_words() -> None:
    assert str(Impairment(2e6, 0.08, 0.02, 0.01)) == "2 Mbit/s, 80 ms ± 20 ms, loss 1 %"
    assert (str(Impairment(loss=1.0)), str(Impairment())) == ("outage", "none")
