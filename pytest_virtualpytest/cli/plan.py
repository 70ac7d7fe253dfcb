"""`virtualpytest plan`: what a campaign will come to, before it is run."""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from pytest_virtualpytest.cli import campaign, options, table
from pytest_virtualpytest.config.spans import in_words
from pytest_virtualpytest.exceptions import ConfigError, VirtualPytestError

_COLLECTED = (0, 5)  # pytest's exit codes: some tests, none
_USAGE = 4


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "show what a campaign will come to: devices and seconds of each test, and of all; opens nothing"
    parser = commands.add_parser("plan", help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    campaign.add(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Have pytest collect the tests, in a process of its own, and show what it tells."""
    asked = campaign.asked(args)
    asked.campaign()
    plan = _collected(asked)
    if asked.as_json:
        print(json.dumps(plan, indent=2))
    else:
        _show(plan)
    return 0


def _collected(asked: campaign.Asked) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="vpt-plan-") as folder:
        file = Path(folder) / "plan.json"
        command = asked.pytest("--collect-only", "-q", f"--vpt-plan={file}")
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode in _COLLECTED and file.exists():
            plan: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            return plan
    lines = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
    if done.returncode == _USAGE and lines:
        raise ConfigError(*lines)
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    raise VirtualPytestError(f"pytest cannot collect the tests, exit code {done.returncode}: {' | '.join(said[-5:])}")


def _show(plan: dict[str, Any]) -> None:
    table.show([("TEST", "DEVICES", "SECONDS"), *(_row(test) for test in plan["tests"])])
    print()
    print("\n".join(_summary(plan)))


def _row(test: dict[str, Any]) -> tuple[str, str, str]:
    devices = "; ".join(f"{role}: {' '.join(names)}" for role, names in test["devices"].items()) or "-"
    return test["test"], devices, f"{'' if test['known'] else '~'}{test['seconds']:.1f}"


def _summary(plan: dict[str, Any]) -> list[str]:
    """Return what all tests come to together."""
    tests, devices = plan["tests"], plan["devices"]
    lines = [f"{len(tests)} tests on {len(devices)} devices: {in_words(plan['seconds'])}"]
    if plan["budget"]:
        left = plan["collected"] - len(tests)
        lines.append(f"budget {in_words(plan['budget'])}: {len(tests)} of {plan['collected']} tests; {left} left out")
    unknown = sum(not test["known"] for test in tests)
    if unknown:
        lines.append(f"~ {unknown} of them have not been run here; they are taken to be as long as the typical test")
    return [*lines, *_busiest(plan)]


def _busiest(plan: dict[str, Any]) -> list[str]:
    """Return what the run has to wait for."""
    if not plan["seconds"]:
        return []
    device = max(plan["devices"], key=lambda one: one["seconds"])
    kinds = defaultdict[str, list[float]](list)
    for one in plan["devices"]:
        kinds[one["kind"]].append(one["seconds"] / plan["seconds"])
    kind, shares = max(kinds.items(), key=lambda pair: sum(pair[1]) / len(pair[1]))
    share = device["seconds"] / plan["seconds"]
    return [
        f"busiest device: {device['device']} ({device['kind']}), in use {share:.0%} of the time",
        f"busiest kind: {kind} ({len(shares)}), in use {sum(shares) / len(shares):.0%} of the time",
    ]
