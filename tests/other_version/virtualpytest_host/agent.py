"""Speak the protocol that $THEIR_PROTOCOL says, with the words of protocol 1: a number, JSON, blobs."""

from __future__ import annotations

import json
import os
from typing import Any


def serve(channel: Any) -> None:
    """Answer ``hello``, and every other call with its own arguments."""
    newest = int(os.environ["THEIR_PROTOCOL"])
    facts = {"version": f"{newest}.0", "protocol": newest, "oldest": newest - 1, "boot": "b", "pid": os.getpid()}
    for number, text, _ in channel:
        call = json.loads(text)
        value = facts if call["call"] == "hello" else call["args"]
        channel.send((number, json.dumps({"value": value}), []))
