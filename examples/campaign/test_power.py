"""The mains, behind a switched plug."""

import pytest

from pytest_virtualpytest import Motion


@pytest.mark.device(needs=["power"])
def test_cold_boot(stb, measure):
    stb.power.cycle()

    logo = stb.screen.wait_for("boot.png", timeout=10)
    picture = stb.screen.wait_for(Motion(), timeout=20)

    assert stb.power.status()
    measure("boot", picture.after(logo), maximum=10)
