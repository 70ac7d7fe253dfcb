"""A variation module of snmpsim: outlets, switched at one object identifier and read at another, as units have them.

A record's value says which outlet it is of, its numbers for on and off, what it is read as while it switches, for how
long that is, and whether it is stuck: ``outlet=1,on=7,off=8,meanwhile=3,delay=0.4``.
"""

from __future__ import annotations

import time
from typing import Any

_OUTLETS: dict[str, tuple[bool, float]] = {}  # on or off, and since when


def init(**_context: Any) -> None:
    pass


def variate(oid: Any, tag: str, value: str, **context: Any) -> tuple[Any, str, Any]:
    if not context["exactMatch"]:
        return context["origOid"], tag, context["errorStatus"]
    said = dict(word.split("=") for word in value.split(","))
    number = context["origValue"]
    if context["setFlag"] and "stuck" not in said:
        _OUTLETS[said["outlet"]] = (int(number) == int(said["on"]), time.monotonic())
    on, since = _OUTLETS.get(said["outlet"], (False, 0.0))
    switching = time.monotonic() < since + float(said.get("delay", 0))
    told = said["meanwhile"] if switching and "meanwhile" in said else said["on" if on is not switching else "off"]
    return oid, tag, type(number)(int(told)) if context["setFlag"] else _integer(int(told))


def _integer(value: int) -> Any:
    from pysnmp.proto.rfc1902 import Integer32

    return Integer32(value)


def shutdown(**_context: Any) -> None:
    pass
