"""The pages of documentation and the fenced blocks in them.

The word after a block's language says what is done with it: ``sh`` is run, ``sh by-hand`` only parsed;
``python test_zap.py`` and ``toml lab.toml`` are written to that file, and the test is run, the lab file checked;
``python`` and ``toml`` alone are only parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

_FENCE = re.compile(r"^```(?P<language>\w+)(?: (?P<word>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?P<path>[^)#:]+)(?:#[^)]*)?\)")


@dataclass(frozen=True)
class Block:
    """A fenced block; *place* is its page and line."""

    place: str
    language: str
    word: str
    text: str


def name(page: Path) -> str:
    """Return *page* as a reader names it."""
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of *page* in their order."""
    text = page.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield Block(f"{name(page)}:{line}", match["language"], match["word"] or "", match["text"])


def links(page: Path) -> Iterator[str]:
    """Yield the paths that *page* links to."""
    for match in _LINK.finditer(page.read_text(encoding="utf-8")):
        yield match["path"]
