"""A host on which something is not installed: one line that says what to install, from each part that needs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BLOCKER = '''
import importlib.abc, os, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in os.environ["MISSING"].split():
            raise ImportError(os.environ["COMPLAINT"].format(name), name=name)

sys.meta_path.insert(0, Missing())
'''
HINT = "needs virtualpytest[host]: pip install 'virtualpytest[host]'"


def complaint(tmp_path: Path, code: str, missing: str, says: str = "No module named '{}'") -> str:
    """Run *code* where importing one of *missing* fails; return the last line of what it says."""
    (tmp_path / "sitecustomize.py").write_text(BLOCKER)
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False, capture_output=True, text=True, timeout=60,
        env=os.environ | {"PYTHONPATH": paths, "MISSING": missing, "COMPLAINT": says, "VPT_STATE": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    return done.stderr.strip().splitlines()[-1]


def test_ecp_says_what_to_install(tmp_path: Path) -> None:
    code = "from virtualpytest_host.controllers.ecp import Ecp; Ecp('http://192.0.2.7:8060').open()"

    said = complaint(tmp_path, code, "httpx")

    assert said.endswith(f"DeviceError: the ecp controller {HINT} (No module named 'httpx')")


def test_network_without_dnspython_says_which_extra_brings_it(tmp_path: Path) -> None:
    code = "from virtualpytest_host.controllers.network import Network; Network('lo').resolve('a', 'A', '127.0.0.1')"

    said = complaint(tmp_path, code, "dns")

    assert f"DeviceError: the network controller {HINT} (No module named 'dns" in said


def test_tasmota_needs_nothing_more(tmp_path: Path) -> None:
    code = "from virtualpytest_host.controllers.tasmota import Tasmota; Tasmota('http://127.0.0.1:1').status()"

    said = complaint(tmp_path, code, "httpx cv2 av numpy")

    assert "is the plug reachable" in said


@pytest.mark.parametrize("module", ["av", "cv2", "numpy"])
def test_virtual_box_says_what_to_install(tmp_path: Path, module: str) -> None:
    code = "from virtualpytest_host import virtual; virtual.attach('stb', 'bare')"

    said = complaint(tmp_path, code, module)

    log = tmp_path / "virtual" / "bare" / "box.log"
    assert said.endswith(
        f"DeviceError: virtual device 'bare' did not start: a virtual set-top box {HINT} "
        f"(No module named {module!r}) (log: {log})"
    )


@pytest.mark.parametrize(
    ("library", "package"), [("libGL.so.1", "libgl1"), ("libgthread-2.0.so.0", "libglib2.0-0")]
)
def test_system_library_that_opencv_misses_is_named_with_its_package(
    tmp_path: Path, library: str, package: str
) -> None:
    code = "from virtualpytest_host import virtual; virtual.attach('stb', 'bare')"
    says = f"{library}: cannot open shared object file: No such file or directory"

    said = complaint(tmp_path, code, "cv2", says)

    assert f"a virtual set-top box needs a system library: apt-get install {package} ({says})" in said


def test_host_that_lacks_the_extra_still_tells_its_health(tmp_path: Path) -> None:
    code = "from virtualpytest_host import health, virtual; virtual.running(), health.report(); exit('well')"

    said = complaint(tmp_path, code, "httpx cv2 av numpy")

    assert said == "well"
