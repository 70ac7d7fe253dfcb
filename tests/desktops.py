"""Desktops for tests: a display of one's own, driven in this process, with real programs on it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench import ended
from virtualpytest_host.controllers.desktop import Desktop

NASTY = [
    "a b", "it's", '"x"', "$(exit 9)", "`exit 9`", "; exit 9", "| & < > * ? ~", "%s 100%", "-rf", "#", "back\\slash",
    "é€你", "😀", "ÀÉÎ ß", "Привет, мир", "日本語テキスト", "👩‍💻 ❤️", "`~!@#$%^&*()_+-={}[]:\";'<>?,./",
]  # fmt: skip


@contextlib.contextmanager
def opened(display: str = "virtual", **settings: Any) -> Iterator[Desktop]:
    """Give a desktop, ready for use."""
    desktop = Desktop(display, **settings)
    desktop.open()
    try:
        yield desktop
    finally:
        desktop.close()


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Undo what driving a display in this process does to its environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DISPLAY", "XAUTHORITY"):
            patch.setenv(name, os.environ.get(name, ""))
            patch.delenv(name)
        yield


def pid_of(desktop: Desktop) -> int:
    """Return the process of the X server that is the desktop's own."""
    return desktop._own.pid


def members(session: int) -> set[int]:
    """Return the processes of *session* that have not ended."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getsid(int(path.name)) == session and not ended(int(path.name)):
                found.add(int(path.name))
    return found


def children(name: str) -> set[int]:
    """Return the processes called *name* that this one, or one that it has started, is the parent of."""
    parents: dict[int, int] = {}
    names: dict[int, str] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            head, _, rest = path.read_text().rpartition(")")
            names[int(path.parent.name)] = head.partition("(")[2]
            parents[int(path.parent.name)] = int(rest.split()[1])
    ours = {os.getpid()}
    while fresh := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= fresh
    return {pid for pid in ours if names.get(pid) == name[:15]}
