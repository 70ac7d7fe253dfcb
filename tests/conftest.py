"""What every test here stands on: a state folder of its own, and no virtual device left behind."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as of a job in the background: what we start must hear Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["pytester", "sshhost"]


@pytest.fixture(scope="session", autouse=True)
def own_state() -> Iterator[Path]:
    """Keep this run's locks, rings and virtual devices apart from the user's."""
    folder = Path(tempfile.mkdtemp(prefix="vpt-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VPT_STATE", str(folder))
        patch.setenv("VPT_LINGER", "5")
        patch.delenv("VPT_LAB", raising=False)
        patch.delenv("TOX_ENV_DIR", raising=False)  # all runs of pytest below tox would share one cache
        yield folder
        _stop_devices(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _stop_devices(folder: Path) -> None:
    if not (folder / "virtual").exists():
        return
    from virtualpytest_host import virtual

    assert os.environ["VPT_STATE"] == str(folder)
    for name in virtual.running():
        virtual.stop(name)
