"""The wheel that goes to a host: what runs here, packed so that pip takes it."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from pytest_virtualpytest.cli.host import wheel
from pytest_virtualpytest.exceptions import VirtualPytestError

VERSION = metadata.version("virtualpytest")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the wheel."""
    return wheel.made(tmp_path_factory.mktemp("wheel"))


def test_wheel_holds_the_packages_and_what_they_bring(packed: Path) -> None:
    names = zipfile.ZipFile(packed).namelist()

    assert packed.name == f"virtualpytest-{VERSION}-py3-none-any.whl"
    assert {"pytest_virtualpytest/plugin.py", "virtualpytest_host/agent.py", "virtualpytest_dashboard/app.py",
            "virtualpytest_host/virtual/pictures/home.png", f"virtualpytest-{VERSION}.dist-info/entry_points.txt",
            f"virtualpytest-{VERSION}.dist-info/METADATA"} <= set(names)  # fmt: skip
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", "direct_url.json"))]


def test_record_tells_every_file_and_its_hash(packed: Path) -> None:
    archive = zipfile.ZipFile(packed)
    record = archive.read(f"virtualpytest-{VERSION}.dist-info/RECORD").decode().splitlines()

    told = {name: (digest, size) for name, digest, size in (line.rsplit(",", 2) for line in record)}

    assert set(told) == set(archive.namelist())
    for name, (digest, size) in told.items():
        data = archive.read(name)
        exact = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        assert name.endswith("/RECORD") or (digest, int(size)) == (f"sha256={exact}", len(data))


def test_pip_takes_it(packed: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    words = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", there, packed]

    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr
    code = "import virtualpytest_host.agent as agent; print(agent.__file__)"
    shown = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path,
        env={"PYTHONPATH": str(there)},
    )  # fmt: skip
    assert shown.stdout.strip() == str(there / "virtualpytest_host" / "agent.py")


def test_wheel_of_this_version_among_others_is_taken(tmp_path: Path) -> None:
    ours, older, other = (tmp_path / f"{name}-py3-none-any.whl" for name in (
        f"virtualpytest-{VERSION}", "virtualpytest-0.0.9", "execnet-2.1.2"))  # fmt: skip
    for path in (ours, older, other):
        path.touch()

    wheels, found = wheel.among(tmp_path)

    assert found == ours
    assert set(wheels) == {ours, older, other}


def test_folder_without_wheels_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(VirtualPytestError) as caught:
        wheel.among(tmp_path)

    assert str(caught.value) == (
        f"no wheels in {tmp_path}; fill it with: "
        f"pip download --only-binary :all: -d {tmp_path} 'virtualpytest[host]'"
    )
