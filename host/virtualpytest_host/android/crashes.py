"""The crashes that an Android device's log tells of, as the system writes them down.

Three forms, each of several lines with one tag: an app's own exception (``AndroidRuntime``), a signal that ended native
code (``DEBUG``, the tombstone that debuggerd writes), an app that did not answer in time (``ActivityManager``, an ANR).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_virtualpytest.answers import Crash

_LINE = re.compile(r"(\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})\s+(\d+)\s+\d+ [VDIWEF] ([^:]*?)\s*: ?(.*)")
_FATAL = re.compile(r"(\*\*\* )?FATAL EXCEPTION")
_PROCESS = re.compile(r"Process: ([\w.:]+), PID:")
_NATIVE = re.compile(r">>> ([\w.:/-]+) <<<")
_ANR = re.compile(r"ANR in ([\w.:]+)")


def found(log: str) -> list[Crash]:
    """Return the crashes in *log*, which is in logcat's format ``threadtime``, the earliest first."""
    crashes: list[Crash] = []
    lines = [match.groups() for match in map(_LINE.match, log.splitlines()) if match]
    for number, (at, process, tag, text) in enumerate(lines):
        following = _following(lines[number + 1 :], process, tag)
        if tag == "AndroidRuntime" and _FATAL.match(text):
            crashes += _exception(at, list(following))
        elif tag == "DEBUG" and (native := _NATIVE.search(text)):
            why = next((line for line in following if line.startswith("signal ")), "a signal")
            crashes.append(Crash(_app(native[1]), "native crash", why.partition(", fault addr")[0], at))
        elif tag == "ActivityManager" and (anr := _ANR.match(text)):
            why = next((line for line in following if line.startswith("Reason: ")), "no answer")
            crashes.append(Crash(_app(anr[1]), "not responding", why.removeprefix("Reason: "), at))
    return crashes


def _following(lines: list[tuple[str, ...]], process: str, tag: str) -> Iterator[str]:
    """Yield the texts of *lines* that belong to the same report, a few of them."""
    for _, other, another, text in lines[:40]:
        if (other, another) == (process, tag):
            if _FATAL.match(text) or _ANR.match(text):
                return
            yield text


def _exception(at: str, lines: list[str]) -> Iterator[Crash]:
    """Yield the crash that *lines* tell of; one of the system itself names no process."""
    app = next((match[1] for match in map(_PROCESS.match, lines) if match), "system_server")
    causes = [line for line in lines if line and not line.startswith(("Process: ", "PID: ", "\tat ", "    at ", "at "))]
    yield Crash(_app(app), "crash", causes[0] if causes else "an exception", at)


def _app(process: str) -> str:
    """Return the package of *process*, which may be one of several: ``com.example:player``."""
    return process.partition(":")[0]
