"""What a campaign of the lab file comes to."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab_files import loaded

from pytest_virtualpytest import config

pytestmark = pytest.mark.usefixtures("lab_folder")

WHOLE = """
[campaigns.nightly]
tests = ["tests/zap"]
markers = "not slow"
keyword = "guide"
devices = { kind = "stb", tags = ["uhd"], needs = ["power"] }
each = "device"
order = "file"
budget = "2h30m"
deadline = 60
reruns = 1
provision = "hooks.flash:install_build"
environment = { BUILD = "4711" }
evidence = "always"
results = "out"
"""


def test_campaign_is_read(lab_folder: Path) -> None:
    campaign = loaded(WHOLE).campaigns["nightly"]

    assert campaign.tests == (lab_folder / "tests/zap",)
    assert campaign.devices == config.Choice(kind="stb", tags=("uhd",), needs=("power",))
    assert (campaign.markers, campaign.keyword) == ("not slow", "guide")
    assert (campaign.each, campaign.reruns, campaign.order, campaign.evidence) == ("device", 1, "file", "always")
    assert (campaign.budget, campaign.deadline) == (9000, 60)
    assert (campaign.provision, campaign.environment) == ("hooks.flash:install_build", {"BUILD": "4711"})
    assert (campaign.results, campaign.file) == (lab_folder / "out", lab_folder / "lab.toml")


def test_campaign_that_says_nothing_has_results_of_its_own(lab_folder: Path) -> None:
    campaign = loaded("[campaigns.nightly]").campaigns["nightly"]

    assert campaign.results == lab_folder / "allure-results/nightly"
    assert (campaign.budget, campaign.deadline, campaign.evidence) == (None, None, None)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90", 90), ("1.5", 1.5), ('"45s"', 45), ('"30m"', 1800), ('"1.5 h"', 5400), ('"1h 5m 3s"', 3903)],
)
def test_budget_is_a_span_of_time(written: str, seconds: float) -> None:
    campaign = loaded(f"[campaigns.nightly]\nbudget = {written}").campaigns["nightly"]

    assert campaign.budget == seconds
