"""Calls and replies between a client, a host's agent and a device's process.

A message is ``(id, header, blobs)``: a number, JSON text, a list of bytes. It has the exact types
that execnet can carry; between agent and device process the same three travel as one byte string.

call    {"call": "screen.find", "device": "stb1", "args": {...}, "token": 7, "deadline": 12.5}
reply   {"value": ...}                                           protocol 1
        {"value": ..., "received": 81.2, "sent": 81.3}           protocol 2: the host's clock, in seconds
error   {"error": {"types": ["NotSeen", ...], "message": ..., "details": {...},
                   "pictures": ["frame"], "traceback": "..."}}   pictures are the first blobs
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_virtualpytest.exceptions import HostError, VirtualPytestError, by_name

PROTOCOL = 2
OLDEST = PROTOCOL - 1
GAVE_UP = 75  # exit code of an agent that heard nothing from its client for too long

Message = tuple[int, str, list[bytes]]
_LENGTH = struct.Struct("!I")


@dataclass(frozen=True)
class Call:
    """One request: *deadline* is the seconds that its answer may take, *token* the lease's."""

    method: str
    device: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)
    token: int | None = None
    deadline: float | None = None
    blobs: Sequence[bytes] = ()

    def message(self, number: int) -> Message:
        """Return this call as message *number*."""
        header = {"call": self.method, "device": self.device, "args": self.args}
        return number, json.dumps(header | {"token": self.token, "deadline": self.deadline}), list(self.blobs)

    @classmethod
    def parse(cls, message: Message) -> Call:
        """Return the call in *message*."""
        data = json.loads(message[1])
        return cls(data["call"], data["device"], data["args"], data["token"], data["deadline"], message[2])


@dataclass(frozen=True)
class Reply:
    """The value that a call returned, the blobs that came with it, and the host's clock where it is told."""

    value: Any = None
    blobs: Sequence[bytes] = ()
    received: float | None = None
    sent: float | None = None

    def message(self, number: int, protocol: int = PROTOCOL) -> Message:
        """Return this reply as message *number*, in the words of *protocol*."""
        header = {"value": self.value}
        if protocol >= 2:
            header |= {"received": self.received, "sent": self.sent}
        return number, json.dumps(header), list(self.blobs)


def parse_reply(message: Message) -> Reply:
    """Return the reply in *message*, or raise the error that it carries."""
    data = json.loads(message[1])
    if "error" in data:
        raise unpack_error(data["error"], message[2])
    return Reply(data["value"], message[2], data.get("received"), data.get("sent"))


def error_message(number: int, error: BaseException, traceback: str = "") -> Message:
    """Return *error* as message *number*; what is no error of ours becomes a DeviceError."""
    types = [cls.__name__ for cls in type(error).__mro__]
    ours = isinstance(error, VirtualPytestError)
    data: dict[str, Any] = {"types": types, "traceback": traceback}
    data["message"] = str(error) if ours else f"{type(error).__name__}: {error}"
    data["details"] = error.details if isinstance(error, VirtualPytestError) else {}
    pictures = error.pictures if isinstance(error, VirtualPytestError) else {}
    data["pictures"] = list(pictures)
    return number, json.dumps({"error": data}, default=repr), list(pictures.values())


def unpack_error(data: Mapping[str, Any], blobs: Sequence[bytes]) -> VirtualPytestError:
    """Return the error that *data* describes, with the host's traceback as a note."""
    error = by_name(data["types"])(data["message"])
    error.details = dict(data["details"])
    error.pictures = dict(zip(data["pictures"], blobs, strict=False))
    if data["traceback"]:
        error.add_note("on the host:\n" + data["traceback"].rstrip())
    return error


def pack(message: Message) -> bytes:
    """Return *message* as one byte string."""
    number, header, blobs = message
    parts = [header.encode(), *blobs]
    head = [struct.pack("!qI", number, len(parts)), *(_LENGTH.pack(len(part)) for part in parts)]
    return b"".join([*head, *parts])


def unpack(data: bytes) -> Message:
    """Return the message that :func:`pack` wrote."""
    number, count = struct.unpack_from("!qI", data)
    lengths = struct.unpack_from(f"!{count}I", data, 12)
    start = 12 + 4 * count
    parts = []
    for length in lengths:
        parts.append(data[start : start + length])
        start += length
    return number, parts[0].decode(), parts[1:]


def agree(name: str, theirs: int, their_oldest: int, their_version: str, version: str) -> int:
    """Return the protocol that both sides speak, or raise a HostError that names both."""
    agreed = min(PROTOCOL, theirs)
    if agreed < max(OLDEST, their_oldest):
        raise HostError(
            f"host {name!r}: virtualpytest {their_version} there speaks protocol {their_oldest}–{theirs}, "
            f"{version} here {OLDEST}–{PROTOCOL}; install the same version on both"
        )
    return agreed
