"""The system's own programs for networks, run without a shell, within a deadline, and never longer than we live."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host import parent
from virtualpytest_host.network import namespace

PACKAGES = {
    "curl": "curl", "ip": "iproute2", "iperf3": "iperf3", "ping": "iputils-ping", "tc": "iproute2",
    "tcpdump": "tcpdump",
}  # fmt: skip
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])  # these are not in a user's
_MAY_NOT = re.compile(r"not permitted|permission denied|must be run as root", re.IGNORECASE)


def run(words: Sequence[str], seconds: float, where: str = "", what: str = "") -> subprocess.CompletedProcess[str]:
    """Run *words* in namespace *where*; what takes longer than *seconds* is killed, and a DeviceError.

    *what* names the deed in errors. The exit status is the caller's to judge: see :func:`checked`.
    """
    what = what or " ".join(words)
    try:
        return subprocess.run(
            command(words, where), check=False, capture_output=True, text=True, errors="replace", timeout=seconds,
            stdin=subprocess.DEVNULL, env=environment(),
            preexec_fn=parent.die_with_it,  # one call of the kernel: nothing here that can block
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise DeviceError(f"{what}: no end within {seconds:g} s; is the other side well?") from error
    except (OSError, ValueError) as error:
        raise DeviceError(f"{what}: {error}") from error


def checked(words: Sequence[str], seconds: float, where: str = "", what: str = "") -> str:
    """Run *words* and return what they print; DeviceError with their complaint if they fail."""
    done = run(words, seconds, where, what)
    if done.returncode:
        raise DeviceError(f"{what or ' '.join(words)}: {reason(done)}")
    return done.stdout


def reason(done: subprocess.CompletedProcess[str]) -> str:
    """Return the complaint of a program that failed, on one line, and what would do if it lacks rights."""
    said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    text = "; ".join(said[:3]) or f"exit status {done.returncode}"
    return f"{text}; run the host's agent as root" if _MAY_NOT.search(text) else text


def command(words: Sequence[str], where: str = "") -> list[str]:
    """Return the whole command that runs *words* in namespace *where*; DeviceError if a program is missing."""
    return [*_found(namespace.prefix(where)), *_found(words)]


def environment() -> Mapping[str, str]:
    """Return the variables of such programs: their messages are English."""
    return {**os.environ, "LC_ALL": "C", "PATH": _PATH}


def _found(words: Sequence[str]) -> list[str]:
    if not words:
        return []
    path = shutil.which(words[0], path=_PATH)
    if path is None:
        package = PACKAGES.get(words[0], words[0])
        raise DeviceError(f"{words[0]} is not installed on this host: apt-get install {package}")
    return [path, *words[1:]]
