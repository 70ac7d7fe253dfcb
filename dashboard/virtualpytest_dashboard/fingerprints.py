"""What failures of one sort have in common: their message without what differs from one time to the next."""

from __future__ import annotations

import re

_LONG = 160
_PACKAGES = re.compile(r"\A(?:\w+\.)+(?=\w+(?::|\Z))")
_VARYING = re.compile(
    r"\b0x[0-9a-fA-F]+\b"
    r"|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"
    r"|(?:\b|(?<=[a-z_]))\d+(?:[.,:]\d+)*"
)


def of(message: str, *names: str) -> str:
    """Return what is alike in *message* and others of its sort; *names* of devices and hosts are left out.

    It is the first line, with numbers, addresses and identifiers as ``#``, and each of *names* as ``*``.
    """
    line = next((line.strip() for line in message.splitlines() if line.strip()), "")
    line = _PACKAGES.sub("", line)
    for name in sorted(filter(None, set(names)), key=len, reverse=True):
        line = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", "*", line)
    return _VARYING.sub("#", line)[:_LONG]
