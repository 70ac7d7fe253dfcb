"""Programs as a reader would start them, with what is installed beside this Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run(*command: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run *command* in *cwd* with *variables* set, and return what it did."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environ = {**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1", **variables}
    return subprocess.run(
        list(map(str, command)), cwd=cwd, env=environ, check=False, timeout=300, capture_output=True, text=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def said(done: subprocess.CompletedProcess[str]) -> str:
    """Return all that *done* printed."""
    return f"{done.stdout}{done.stderr}"
