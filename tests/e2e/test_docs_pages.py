"""README and docs: what they show is run as it is written, in an empty folder for each page."""

from __future__ import annotations

import ast
import shutil
import tomllib
from pathlib import Path

import pytest
from pages import PAGES, ROOT, Block, blocks, links, name
from running import run, said

PICTURES = ROOT / "examples" / "campaign"
SHOWN = "shown"  # the folder of a page's tests, and of the pictures that they name


@pytest.mark.parametrize("document", PAGES, ids=name)
def test_what_a_page_shows_works(document: Path, tmp_path: Path) -> None:
    shutil.copytree(PICTURES, tmp_path / SHOWN, ignore=lambda _, names: [one for one in names if ".png" not in one])

    for block in blocks(document):
        _try(block, tmp_path)


@pytest.mark.parametrize("document", PAGES, ids=name)
def test_links_lead_somewhere(document: Path) -> None:
    lost = [link for link in links(document) if not (document.parent / link).exists()]

    assert not lost


def _try(block: Block, folder: Path) -> None:
    """Do with *block* what its language and its word say."""
    file = folder / (SHOWN if block.language == "python" else "") / block.word
    if block.word.endswith((".py", ".toml")):
        file.write_text(block.text, encoding="utf-8")
    if block.language == "sh":
        _succeeds(block, folder, "bash", *(["-n"] if block.word == "by-hand" else ["-eu"]), "-c", block.text)
    elif block.language == "python":
        ast.parse(block.text, block.place)
        if block.word.startswith("test_"):
            _succeeds(block, file.parent, "pytest", "-q", file.name)
    elif block.language == "toml":
        tomllib.loads(block.text)
        if block.word.startswith("lab"):
            _succeeds(block, folder, "virtualpytest", "lab", "list", "--lab", file.name)


def _succeeds(block: Block, folder: Path, *command: str) -> None:
    done = run(*command, cwd=folder)
    assert done.returncode == 0, f"{block.place}: exit code {done.returncode}\n{said(done)}"
