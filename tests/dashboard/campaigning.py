"""Runs of campaigns as tests of the dashboard want them: one that goes on, and none left behind."""

from __future__ import annotations

import json
import os
from pathlib import Path

import labs

from pytest_virtualpytest import config, process


def mark(folder: Path, name: str) -> Path:
    """Leave the mark of a run of campaign *name* that goes on, whose results are in *folder*: it is of this process."""
    path = folder / ".virtualpytest" / f"campaign-{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"pid": os.getpid(), "start": process.status(os.getpid())[1], "at": 1.0}))
    return path


def await_end(lab: Path) -> None:
    """Wait until what was begun of the campaigns of *lab* has ended."""
    for campaign in config.load([lab]).campaigns.values():
        for path in campaign.results.glob(".virtualpytest/campaign-*.json"):
            kept = json.loads(path.read_text())
            ours = kept["pid"] == os.getpid()
            labs.until(lambda kept=kept, ours=ours: ours or process.status(kept["pid"])[1] != kept["start"])
