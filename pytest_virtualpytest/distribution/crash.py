"""The Allure result of a test whose process died in it: what was done so far, and what the host still has to show."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest import evidence
from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.report import KINDS

if TYPE_CHECKING:
    import pytest

    from pytest_virtualpytest.distribution.state import WorkerState
    from pytest_virtualpytest.lab import Lab


def identity(item: pytest.Item) -> dict[str, Any]:
    """Return by what allure-pytest's result of *item* is known, so that another can take its place."""
    from allure_commons import utils as commons
    from allure_commons.model2 import Parameter
    from allure_pytest import utils

    params = dict(getattr(getattr(item, "callspec", None), "params", {}))
    full_name = utils.allure_full_name(item)
    shown = [
        Parameter(name=name, value=commons.represent(value))  # type: ignore[no-untyped-call]
        for name, value in params.items()
    ]
    labels = [*utils.allure_labels(item), *utils.allure_suite_labels(item)]
    return {
        "name": utils.allure_name(item, params, getattr(getattr(item, "callspec", None), "id", None)),
        "fullName": full_name,
        "testCaseId": commons.md5(full_name),  # type: ignore[no-untyped-call]
        "historyId": utils.get_history_id(full_name, shown, original_values=params),
        "labels": [{"name": str(name), "value": str(value)} for name, value in labels],
        "parameters": [{"name": one.name, "value": one.value} for one in shown],
    }


def write(folder: Path, state: WorkerState, message: str, lab: Lab) -> None:
    """Write the result of the test at which *state*'s worker died; its devices are looked at, not leased."""
    kept = Kept(folder)
    for name in state.leased:
        _look(kept, lab, name, alone=len(state.leased) == 1)
    where = [("worker", state.worker), ("run", state.run), ("cause", state.cause)]
    where += [("ended", "hung")] if state.hung else []
    where += [pair for name, host in state.leased.items() for pair in (("device", name), ("host", host))]
    result = {
        **state.identity,
        "uuid": str(uuid.uuid4()),
        "status": "broken",
        "statusDetails": {"message": message},
        "start": round(state.began * 1000),
        "stop": round(time.time() * 1000),
        "steps": state.steps(),
        "attachments": kept.attachments,
        "labels": [*state.identity.get("labels", ()), *({"name": name, "value": value} for name, value in where)],
    }
    _put(folder, f"{result['uuid']}-result.json", json.dumps(result, ensure_ascii=False).encode())


class Kept:
    """A report that keeps attachments in a folder of results; it shows no steps."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.attachments: list[Mapping[str, str]] = []

    def attach(self, name: str, body: bytes | str, extension: str) -> None:
        """Keep *body*."""
        file = f"{uuid.uuid4()}-attachment.{extension}"
        _put(self._folder, file, body.encode() if isinstance(body, str) else body)
        self.attachments.append({"name": name, "source": file, "type": KINDS[extension]})


def _look(kept: Kept, lab: Lab, name: str, *, alone: bool) -> None:
    try:
        device = lab.look(name)
    except VirtualPytestError as error:
        kept.attach(f"no evidence of {name}", f"none: {error}", "txt")
        return
    evidence.of_screen(kept.attach, device, alone=alone)


def _put(folder: Path, name: str, body: bytes) -> None:
    """Write a file so that no reader sees half of it."""
    fresh = folder / f"{name}.tmp"
    fresh.write_bytes(body)
    fresh.rename(folder / name)
