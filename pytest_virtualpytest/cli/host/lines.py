"""Lines of a lab file, ready to paste."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_virtualpytest.config import HostConfig

_KINDS = {"video": "stb", "ecp": "stb", "adb": "mobile", "display": "desktop", "serial": "stb", "infrared": "stb"}


def host(host: HostConfig) -> list[str]:
    """Return the table of *host*."""
    values = {"gateway": host.gateway, "python": host.python, "ssh_config": host.ssh_config}
    return [table("hosts", host.name), *(f"{name} = {text(value)}" for name, value in values.items() if value)]


def devices(name: str, found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a table for each thing *found* on host *name*; what cannot be used now is a comment that says why."""
    from pytest_virtualpytest.config.controllers import Controllers

    known, counts, written = Controllers().names, dict[str, int](), list[str]()
    for one in found:
        counts[one["sort"]] = number = counts.get(one["sort"], 0) + 1
        rows = _rows(name, f"{name}-{one['sort']}{number}", one)
        trouble = one["trouble"]
        if one["controller"] not in known:
            trouble = f"no controller {one['controller']!r} is installed here"
        written += ["", *(map(comment, [f"not usable: {plain(trouble)}", *rows]) if trouble else rows)]
    return written


def table(*where: str) -> str:
    """Return the head of the table at *where*."""
    from pytest_virtualpytest.config.document import dotted

    return f"[{dotted(where)}]"


def groups(account: Mapping[str, Any]) -> str:
    """Return the one command that adds an account to the groups that it lacks, empty if it lacks none."""
    if not account["missing"]:
        return ""
    command = shlex.join(["sudo", "usermod", "-aG", ",".join(account["missing"]), account["account"]])
    return f"to let it use every device: {command}"


def comment(line: str) -> str:
    """Return *line* as a comment, empty if it is."""
    return f"# {line}".rstrip() if line and not line.startswith("#") else line


def text(value: str) -> str:
    """Return *value* as TOML writes it."""
    return json.dumps(value).replace("\x7f", "\\u007f")


def plain(value: str) -> str:
    """Return *value*, which a device may have chosen, on one line and without what a terminal would obey."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())


def _rows(host: str, device: str, one: Mapping[str, Any]) -> list[str]:
    settings = [f"{name} = {text(value)}" for name, value in one["settings"].items()]
    head = [table("devices", device), f"host = {text(host)}", f'kind = "{_KINDS.get(one["sort"], one["sort"])}"']
    return [*head, f"{table('devices', device, one['controller'])}    # {plain(one['name'])}", *settings]
