"""Allure results as they lie in a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def results(folder: str = "ar") -> dict[str, dict[str, Any]]:
    """Return the results in *folder* by the names of their tests, of which none may have two."""
    found = [json.loads(path.read_text()) for path in Path(folder).glob("*-result.json")]
    assert len({result["name"] for result in found}) == len(found), "a test has two results"
    return {result["name"]: result for result in found}


def label(result: dict[str, Any], name: str) -> list[str]:
    """Return the values that *result* has for the label *name*."""
    return [one["value"] for one in result["labels"] if one["name"] == name]
