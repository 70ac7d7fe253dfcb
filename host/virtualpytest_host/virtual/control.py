"""Faults and the truth of a running virtual device, for tests and demonstrations."""

from __future__ import annotations

import json
import urllib.request
from typing import Any
from urllib.parse import urlencode

from virtualpytest_host.virtual import life, truth


class Box:
    """The running box or phone *name* of this account."""

    def __init__(self, name: str) -> None:
        self._folder = life.folder(name)

    @property
    def state(self) -> dict[str, Any]:
        """The box's pid and ports."""
        data: dict[str, Any] = json.loads((self._folder / "state.json").read_text(encoding="utf-8"))
        return data

    def fault(self, name: str, *, seconds: float = 0.0, amount: float = 0.0) -> None:
        """Switch a fault on, for *seconds* or until cleared."""
        values = {"seconds": seconds, "amount": amount}
        self._post(f"fault/{name}?{urlencode(values)}")

    def clear(self) -> None:
        """Switch every fault off."""
        self._post("clear")

    def truth(self) -> list[dict[str, Any]]:
        """Return the log of what was really on screen, and when."""
        return truth.read(self._folder / "truth.jsonl")

    def screen(self) -> str:
        """Return the name of what is on screen now."""
        with urllib.request.urlopen(self._address("state"), timeout=5) as answer:
            return str(json.load(answer)["state"])

    def _post(self, path: str) -> None:
        request = urllib.request.Request(self._address(path), method="POST")
        urllib.request.urlopen(request, timeout=5).close()

    def _address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.state['ports']['control']}/{path}"
