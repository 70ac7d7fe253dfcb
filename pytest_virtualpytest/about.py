"""What a run's folder says of the run: environment.properties, categories.json, executor.json."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_virtualpytest.exceptions import LabFault

if TYPE_CHECKING:
    from pytest_virtualpytest.config import LabConfig

_CI = (  # kind, the variable that tells of it, its build's name, its address
    ("github", "GITHUB_ACTIONS", "GITHUB_RUN_NUMBER", "GITHUB_SERVER_URL"),
    ("gitlab", "GITLAB_CI", "CI_PIPELINE_ID", "CI_PIPELINE_URL"),
    ("jenkins", "JENKINS_URL", "BUILD_NUMBER", "BUILD_URL"),
)


def write(folder: Path, run: str, lab: LabConfig) -> None:
    """Write the three files into *folder*; categories that are there already are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "environment.properties").write_text(_properties(environment(lab)), encoding="utf-8")
    (folder / "executor.json").write_text(json.dumps(executor(run, os.environ), indent=2), encoding="utf-8")
    if not (folder / "categories.json").exists():
        (folder / "categories.json").write_text(json.dumps(categories(), indent=2), encoding="utf-8")


def environment(lab: LabConfig) -> dict[str, str]:
    """Return what a run depends on."""
    return {
        "lab": lab.name,
        "hosts": ", ".join(f"{host.name} ({host.gateway})" for host in lab.hosts.values()),
        "devices": ", ".join(f"{device.name} ({device.kind})" for device in lab.devices.values()),
        "virtualpytest": metadata.version("virtualpytest"),
        "pytest": metadata.version("pytest"),
        "python": platform.python_version(),
        "machine": platform.node(),
        "system": platform.platform(),
    }


def executor(run: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return who runs the tests: a CI by its variables, else this machine."""
    for kind, sign, build, address in _CI:
        if environ.get(sign):
            about = {"name": kind.capitalize(), "type": kind, "buildName": environ.get(build, run)}
            return about | {"buildUrl": environ.get(address, ""), "reportName": f"run {run[:8]}"}
    return {"name": platform.node(), "type": "local", "buildName": run[:8], "reportName": f"run {run[:8]}"}


def categories() -> list[dict[str, object]]:
    """Return the rules by which a result is a product defect, a lab fault or a test defect."""
    faults = f"(?:[\\w.]+\\.)?(?:{'|'.join(_names(LabFault))})\\b"
    return [
        {"name": "Product defects", "matchedStatuses": ["failed"]},
        {"name": "Lab faults", "matchedStatuses": ["broken"], "messageRegex": f"(?s){faults}.*"},
        {"name": "Test defects", "matchedStatuses": ["broken"], "messageRegex": f"(?s)(?!{faults}).*"},
    ]


def _names(cls: type[Exception]) -> list[str]:
    return [cls.__name__, *(name for sub in cls.__subclasses__() for name in _names(sub))]


def _properties(values: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in values.items())
