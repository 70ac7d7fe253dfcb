"""Is it my product, my test or my lab? More than two hundred failures, each seeded, and what the first screen says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from browsing import client_of, links, plain, rows, run_page
from virtualpytest_dashboard.records import CAUSES
from virtualpytest_host.virtual import pictures

SUITE = Path(__file__).parent / "suite" / "suite_blame.py"
INSTALLED = Path(__file__).parents[1] / "installed"
RIGHT = 0.95
LAB = """
deadline = 60
[hosts.gone]
python = "/nowhere/python"
[devices.blamebox]
virtual = "stb"
kind = "box"
[devices.relay1]
kind = "stb"
[devices.relay1.rack]
name = "{folder}1"
[devices.relay2]
kind = "stb"
[devices.relay2.rack]
name = "{folder}2"
[devices.absent]
kind = "camera"
[devices.absent.video]
source = "/dev/video9"
[devices.far]
kind = "far"
host = "gone"
[devices.far.rack]
name = "far"
"""


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the results of a run of tests that fail for reasons that are known."""
    folder = tmp_path_factory.mktemp("blame")
    (folder / "lab.toml").write_text(LAB.format(folder=folder.name), encoding="utf-8")
    (folder / "test_blame.py").write_text(SUITE.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (folder / "guide-header.png").write_bytes((pictures.FOLDER / "guide-header.png").read_bytes())
    options = ["-q", "-n", "2", "-p", "no:cacheprovider", "--vpt-evidence=never", f"--alluredir={folder / 'night'}"]
    path = os.pathsep.join(filter(None, [str(INSTALLED), os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run([sys.executable, "-m", "pytest", *options], cwd=folder, capture_output=True, text=True,
                          timeout=280, check=False, env={**os.environ, "PYTHONPATH": path})  # fmt: skip
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-3000:]
    return folder / "night"


def _said(folder: Path) -> dict[str, str]:
    """Return the cause that the pages give for each test that is to be looked at."""
    said: dict[str, str] = {}
    with client_of(folder) as client:
        for cause in CAUSES:
            page = run_page(client, f"?cause={cause}")
            pages = [page, *(run_page(client, link) for link in dict.fromkeys(links(page, "page=")))]
            said |= {name: cause for one in pages for name in rows(one.partition('<h2 id="tests">')[2])}
    return said


def _table(pairs: Counter[tuple[str, str]]) -> str:
    lines = [f"{'seeded':>10} {' '.join(f'{cause:>8}' for cause in CAUSES)}"]
    lines += [f"{seeded:>10} {' '.join(f'{pairs[seeded, cause]:8}' for cause in CAUSES)}" for seeded in CAUSES]
    return "\n".join(lines)


def test_first_screen_points_at_the_right_one(seeded: Path) -> None:
    said = _said(seeded)
    with client_of(seeded) as client:
        page = plain(run_page(client))

    true = {name: name.split("_")[1] for name in said}
    wrong = sorted(re.sub(r"\[\d+\]", "", name) for name, cause in said.items() if cause != true[name])
    table = _table(Counter((true[name], cause) for name, cause in said.items()))
    assert len(said) >= 200, table
    assert (len(said) - len(wrong)) / len(said) >= RIGHT, f"{table}\n{Counter(wrong)}"
    for cause, count in Counter(said.values()).items():
        assert f"{count} {cause.capitalize()}" in page
