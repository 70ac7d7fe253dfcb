"""Five thousand results that something has spoilt: each is a row or listed as unreadable, and every page is a page."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

from browsing import client_of
from virtualpytest_dashboard.folders import Folders

COUNT = 5000
ODD: list[Any] = [None, "", 0, -1, 1e308, True, [], {}, [None], "\x00", "\ud800", "<script>alert(1)</script>",
                  "../../x", 10**30, {"a": {"b": []}}, [[[]]], "é" * 300, float("nan")]  # fmt: skip


def _document(number: int) -> dict[str, Any]:
    file = {"name": "frame", "source": f"{number}-attachment.png", "type": "image/png"}
    step = {"name": "press", "status": "failed", "start": 1_790_000_000_000, "stop": 1_790_000_000_900,
            "statusDetails": {"message": "m", "trace": "t"}, "attachments": [file], "steps": [{"name": "inner"}]}
    return {"name": f"test_{number}", "status": "failed", "statusDetails": {"message": "black", "trace": "assert"},
            "steps": [step], "attachments": [file], "parameters": [{"name": "a", "value": "1", "mode": "masked"}],
            "start": 1_790_000_000_000 + number, "stop": 1_790_000_000_900 + number, "uuid": f"uuid-{number}",
            "historyId": f"h-{number // 3}", "fullName": "a.b#test", "links": [{"name": "x", "url": "https://x.example"}],
            "labels": [{"name": "device", "value": "stb1"}, {"name": "host", "value": "rack1"}]}  # fmt: skip


def _spots(value: Any) -> list[tuple[Any, Any]]:
    """Return each place in *value*: what holds it, and its name there."""
    names: Any = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    own = [(value, name) for name in names]
    return own + [spot for name in names for spot in _spots(value[name])]


def _spoilt(number: int, chance: random.Random) -> bytes:
    document = _document(number)
    for _ in range(chance.randint(1, 4)):
        holder, name = chance.choice(_spots(document))
        holder[name] = copy.deepcopy(chance.choice(ODD))
    data = bytearray(json.dumps(document).encode())
    if chance.random() < 0.3:
        del data[chance.randrange(len(data)) :]
    for _ in range(chance.choice((0, 0, 1, 5))):
        if data:
            data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def test_spoilt_results_are_all_shown_or_listed(folder: Path) -> None:
    chance = random.Random(1)
    for number in range(COUNT):
        (folder / f"{number:04d}-result.json").write_bytes(_spoilt(number, chance))

    run = Folders([folder]).all()[0]
    rows = [attempt for row in run.rows() for attempt in (row, *row.earlier)]
    told = {row.file for row in rows} | {item.file for item in run.run().unreadable}
    with client_of(folder) as client:
        address = f"/runs/{run.name}"
        pages = [f"{address}?{query}" for query in ("", "q=%00", "q=%25_", "verdict=bad&order=device", "page=9")]
        pages += [f"{address}/tests/{row.id}" for row in chance.sample(rows, 150)]
        answers = {page: client.get(page) for page in pages}

    assert told == {f"{number:04d}-result.json" for number in range(COUNT)}
    assert {page: answer.status_code for page, answer in answers.items() if answer.status_code != 200} == {}
    assert not any("<script>alert" in answer.text for answer in answers.values())
