"""A lab file with two set-top boxes and a television, all relays, and the campaign `nightly`."""

from __future__ import annotations

import pytest

LAB = """
[devices.near]
kind = "stb"
[devices.near.rack]
name = "{prefix}1"
[devices.far]
kind = "stb"
tags = ["far"]
[devices.far.rack]
name = "{prefix}2"
[devices.screen]
kind = "tv"
[devices.screen.rack]
name = "{prefix}3"
[campaigns.nightly]
{campaign}
"""


def campaign(pytester: pytest.Pytester, text: str = "", *, tests: str = '["suites/zap"]') -> None:
    """Write a lab file with the campaign `nightly`."""
    lab = LAB.format(prefix=pytester.path.name, campaign=f"tests = {tests}\n{text}")
    (pytester.path / "lab.toml").write_text(lab)
