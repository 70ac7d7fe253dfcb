"""What a run's folder says of the run: environment.properties, categories.json, executor.json."""

from __future__ import annotations

import json
import os
import platform
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_virtualpytest.exceptions import lab_faults

if TYPE_CHECKING:
    from pytest_virtualpytest.config import LabConfig



@dataclass(frozen=True)
class _Ci:
    """A build server: the variable that tells of it, then what its build is called, built from, and shown at."""

    name: str
    sign: str
    build: str
    branches: tuple[str, ...]
    address: str


_CI = (
    _Ci(
        "GitHub", "GITHUB_ACTIONS", "{GITHUB_RUN_NUMBER}", ("GITHUB_HEAD_REF", "GITHUB_REF_NAME"),
        "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
    ),
    _Ci(
        "GitLab", "GITLAB_CI", "{CI_PIPELINE_ID}", ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_REF_NAME"),
        "{CI_PIPELINE_URL}",
    ),
    _Ci("Jenkins", "JENKINS_URL", "{BUILD_NUMBER}", ("CHANGE_BRANCH", "BRANCH_NAME", "GIT_BRANCH"), "{BUILD_URL}"),
)  # fmt: skip


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


def executor(run: str, environ: Mapping[str, str]) -> dict[str, str | int]:
    """Return who runs the tests: a build server by its variables, with build, branch and link, else this machine."""
    title = f"run {run[:8]}"
    for ci in _CI:
        if environ.get(ci.sign):
            return {"name": ci.name, "type": ci.name.lower(), "reportName": title, **_build(ci, run, environ)}
    return {"name": platform.node(), "type": "local", "reportName": title, "buildName": run[:8]}


def _build(ci: _Ci, run: str, environ: Mapping[str, str]) -> dict[str, str | int]:
    known = defaultdict(str, environ)
    number = ci.build.format_map(known)
    branch = next((environ[name] for name in ci.branches if environ.get(name)), "")
    order: dict[str, str | int] = {"buildOrder": int(number)} if number.isdecimal() else {}
    name = f"{number or run[:8]} ({branch})" if branch else number or run[:8]  # what viewers show
    return {"buildName": name, **order, "branch": branch, "buildUrl": ci.address.format_map(known)}


def categories() -> list[dict[str, object]]:
    """Return the rules by which a result is a product defect, a lab fault or a test defect."""
    faults = f"(?:[\\w.]+\\.)?(?:{'|'.join(lab_faults())})\\b"
    return [
        {"name": "Product defects", "matchedStatuses": ["failed"]},
        {"name": "Lab faults", "matchedStatuses": ["broken"], "messageRegex": f"(?s){faults}.*"},
        {"name": "Test defects", "matchedStatuses": ["broken"], "messageRegex": f"(?s)(?!{faults}).*"},
    ]


def _properties(values: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in values.items())
