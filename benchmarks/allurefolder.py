"""A folder of Allure results of any size, in the shape that allure-pytest gives it; the same one each time."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

START = 1_790_000_000_000
_FAULTS = [
    ("failed", "AssertionError: black screen for {n} ms after key P+ (limit 800 ms)", "assert black_ms <= 800"),
    ("failed", "NotSeen: 'live.png' not seen within 10 s: best score 0.{n:02d}, wanted 0.90", "wait_for(live)"),
    ("broken", "pytest_virtualpytest.exceptions.HostError: host 'rack{n}': no answer within 5 s", "session.call"),
    ("broken", "KeyError: 'channel {n}'", "channels[name]"),
]


def write(folder: Path, count: int) -> None:
    """Write *count* results, with 1.7 containers and 1.2 attachments for each, into *folder*, which it makes."""
    folder.mkdir()
    picture = _png(64, 36)
    for number in range(count):
        _dump(folder / f"{number:08d}-result.json", result(number))
        _dump(folder / f"{number:08d}-container.json", _container(number, [number]))
        if number % 10 < 7:
            group = list(range(number - number % 10, min(count, number - number % 10 + 10)))
            _dump(folder / f"m{number:07d}-container.json", _container(number, group))
        (folder / f"{number:08d}-attachment.txt").write_text(f"key {number} pressed\n" * 20, encoding="utf-8")
        if number % 5 == 0:
            (folder / f"{number:08d}-attachment.png").write_bytes(picture)


def result(number: int) -> dict[str, object]:
    """Return the result with that *number*: one in ten is bad."""
    name, module = f"test_{number % 800}[channel-{number}]", f"tests.live.test_zap_{number % 40}"
    start = START + number * 900
    document: dict[str, object] = {
        "name": name, "status": "passed", "steps": [_step(at, start, number) for at in range(6)],
        "attachments": [{"name": "log", "source": f"{number:08d}-attachment.txt", "type": "text/plain"}],
        "parameters": [{"name": "channel", "value": str(number)}], "start": start, "stop": start + 8000 + number % 977,
        "uuid": f"uuid-{number}", "historyId": f"history-{number}", "testCaseId": f"case-{number % 800}",
        "fullName": f"{module}#test_{number % 800}", "labels": _labels(number, module),
        "titlePath": ["tests", "live", f"test_zap_{number % 40}.py"],
    }  # fmt: skip
    if number % 10 == 3:
        status, message, trace = _FAULTS[number // 10 % len(_FAULTS)]
        trace = "\n".join(f"tests/live/test_zap.py:{at}: in step {at}\n    {trace}" for at in range(12))
        document |= {"status": status, "statusDetails": {"message": message.format(n=number % 97), "trace": trace}}
    return document


def _step(at: int, start: int, number: int) -> dict[str, object]:
    step: dict[str, object] = {"name": f"press P+ and wait for channel {at}", "status": "passed",
                               "parameters": [{"name": "key", "value": "'P+'"}],
                               "start": start + at * 1000, "stop": start + at * 1000 + 900}  # fmt: skip
    if at == 5 and number % 5 == 0:
        step["attachments"] = [{"name": "frame", "source": f"{number:08d}-attachment.png", "type": "image/png"}]
    return step


def _labels(number: int, module: str) -> list[dict[str, str]]:
    device = number % 12
    labels = {"device": f"stb{device}", "host": f"rack{device // 4}", "worker": f"gw{device}", "feature": "Zapping",
              "severity": "normal", "parentSuite": "tests.live", "suite": module, "framework": "pytest",
              "language": "cpython3", "package": module, "thread": f"{1000 + device}-MainThread"}  # fmt: skip
    return [{"name": name, "value": value} for name, value in labels.items()]


def _container(number: int, children: list[int]) -> dict[str, object]:
    start = START + number * 900
    fixture = {"name": "stb", "status": "passed", "start": start, "stop": start + 40}
    uuids = [f"uuid-{child}" for child in children]
    around = {"befores": [fixture], "afters": [{**fixture, "name": "stb::0"}], "start": start, "stop": start + 9000}
    return {"uuid": f"container-{number}-{len(children)}", "children": uuids, **around}


def _dump(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def _png(width: int, height: int) -> bytes:
    rows = b"".join(b"\0" + bytes((x * 4 % 256, y * 7 % 256, 90)[c] for x in range(width) for c in range(3))
                    for y in range(height))  # fmt: skip
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
