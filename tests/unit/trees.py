"""Pieces of /sys, /proc and /dev as plain folders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def planted(root: Path, files: Mapping[str, str], links: Mapping[str, str] | None = None) -> Path:
    """Write *files*, a path and its text each, and *links*, a path and where it leads, below *root*."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name, target in (links or {}).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
    return root
