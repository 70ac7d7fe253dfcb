"""Put this version of virtualpytest on a host, beside what is there, and switch to it once it works."""

from __future__ import annotations

import contextlib
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from pytest_virtualpytest.cli.host import wheel
from pytest_virtualpytest.cli.host.packages import Source
from pytest_virtualpytest.cli.host.remote import Remote
from pytest_virtualpytest.config import HostConfig
from pytest_virtualpytest.exceptions import HostError, LabFault, VirtualPytestError
from pytest_virtualpytest.gateway import Gateway

_SECONDS = 1900.0


def install(host: HostConfig, source: Source) -> HostConfig:
    """Install this version on *host*, check that it answers, switch to it; return *host* with the Python to use."""
    remote = Remote(host, lambda line: say(host, line))
    with tempfile.TemporaryDirectory(prefix="vpt-wheel-") as folder:
        files, ours = _files(source, Path(folder))
        about = {"index": source.wheels is None, "dependencies": source.dependencies, "system": source.system}
        sizes = [[file.name, file.stat().st_size] for file in files]
        version = metadata.version("virtualpytest")
        made = remote.do(
            "install", send=files, seconds=_SECONDS, version=version, wheel=ours.name, files=sizes, **about
        )
    try:
        greet(replace(host, python=shlex.quote(made["python"])))
    except LabFault:
        with contextlib.suppress(HostError):
            remote.do("discard", name=made["name"])
        raise
    switched = remote.do("switch", name=made["name"])
    note = f", before: {switched['before']}" if switched["before"] else ""
    say(host, f"{made['name']} is in use{note}{_removed(switched['removed'])}")
    return replace(host, python=shlex.quote(switched["python"]))


def greet(host: HostConfig) -> dict[str, Any]:
    """Start an agent on *host* and return what it tells of itself; HostError if it does not."""
    gateway = Gateway(host)
    gateway.open()
    with contextlib.closing(gateway):
        return gateway.facts


def plain(python: str) -> str:
    """Return the words of *python* as a shell will read them: words, and nothing else."""
    try:
        return shlex.join(shlex.split(python))
    except ValueError as error:
        raise VirtualPytestError(f"--python {python!r}: {error}") from error


def say(host: HostConfig, line: str) -> None:
    """Tell whoever waits how far it is; what is to be kept goes to standard output."""
    print(f"{host.name}: {line}", file=sys.stderr, flush=True)


def _files(source: Source, folder: Path) -> tuple[Sequence[Path], Path]:
    """Return what is copied to the host, and which of it is ours."""
    if source.wheels is None:
        ours = wheel.made(folder)
        return [ours], ours
    wheels, found = wheel.among(source.wheels)
    ours = found or wheel.made(folder)
    return [*(one for one in wheels if one != ours and not one.name.startswith("virtualpytest-")), ours], ours


def _removed(names: Sequence[str]) -> str:
    return f", removed: {', '.join(names)}" if names else ""
