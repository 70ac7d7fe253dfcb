"""A worker on its host: put where it belongs, then xdist's own."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

    from pytest_virtualpytest.config import LabConfig

KEY = "virtualpytest_hosted"  # in xdist's workerinput: where the worker is, and what it is to do
HOME = "virtualpytest_home"  # the channel on which results go home


def work(channel: Any) -> None:
    """Run xdist's worker with the arguments that the controller has put in, in the suite's folder."""
    told, _, _, _ = channel.receive()
    here = told[KEY]
    scratch = tempfile.mkdtemp(prefix="virtualpytest-")
    try:
        _settle(here)
        handed: tuple[Any, ...] = told, _arguments(here, Path(scratch)), {}, list(sys.path)
        channel.receive = lambda: handed
        exec(_worker(), {"channel": channel, "__name__": "__channelexec__"})
    finally:
        os.chdir("/")
        shutil.rmtree(scratch, ignore_errors=True)


def at_home(settings: LabConfig, host: str) -> LabConfig:
    """Return *settings* as *host* sees them: it is this machine, with this Python."""
    if host not in settings.hosts:
        return settings
    own = replace(settings.hosts[host], gateway="popen", python=None, ssh_config=None)
    return replace(settings, hosts={**settings.hosts, host: own})


def without_controller(config: pytest.Config) -> None:
    """Let pytest-rerunfailures count for itself: it asks the controller at a port of this machine's own loopback."""
    module: Any = config.pluginmanager.get_plugin("rerunfailures")
    if hasattr(module, "ClientStatusDB"):
        module.ClientStatusDB = lambda *_: module.StatusDB()


def _worker() -> CodeType:
    """Return xdist's worker, and forget what pytest means to import itself, so as to rewrite its assertions."""
    spec = importlib.util.find_spec("xdist.remote")
    assert spec is not None
    assert spec.origin is not None
    code = compile(Path(spec.origin).read_text(encoding="utf-8"), spec.origin, "exec")
    for name in [name for name in sys.modules if name.partition(".")[0] in {"xdist", "pytest_virtualpytest"}]:
        del sys.modules[name]
    return code


def _settle(here: Mapping[str, Any]) -> None:
    """Go to the folder, and set the variables, that the tests expect."""
    os.environ.update(here["environment"])
    Path(here["here"]).mkdir(parents=True, exist_ok=True)
    os.chdir(here["here"])
    sys.path[:0] = here["path"]


def _arguments(here: Mapping[str, Any], scratch: Path) -> list[str]:
    """Return the user's arguments, and those that keep the run in its folder and what it writes in *scratch*."""
    settings = here["settings"] or str(scratch / "pytest.ini")
    if not here["settings"]:
        (scratch / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for name, value in here["cache"].items():
        path = scratch / "cache" / "v" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value), encoding="utf-8")
    own = [f"--rootdir={here['root']}", "-c", settings, "-o", f"cache_dir={scratch / 'cache'}"]
    results = [f"--alluredir={scratch / 'results'}"] if here["results"] else []
    return [*own, *here["args"], *results]
