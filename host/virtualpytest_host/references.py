"""Reference pictures that clients have sent, by the SHA-256 of their bytes."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence

from pytest_virtualpytest.exceptions import ReferenceNotFound, VirtualPytestError
from virtualpytest_host import state

_SHA = re.compile(r"[0-9a-f]{64}")


def missing(shas: Sequence[str]) -> list[str]:
    """Return those of *shas* that this host does not have."""
    place = state.folder("references")
    return [sha for sha in shas if not (place / _checked(sha)).exists()]


def put(sha: str, data: bytes) -> None:
    """Keep *data*, whose hash must be *sha*."""
    if hashlib.sha256(data).hexdigest() != _checked(sha):
        raise VirtualPytestError(f"reference picture {sha[:12]}…: its content has another hash")
    place = state.folder("references")
    fresh = place / f"{sha}.{os.getpid()}"
    fresh.write_bytes(data)
    fresh.rename(place / sha)


def read(sha: str) -> bytes:
    """Return the bytes of *sha*."""
    try:
        return (state.folder("references") / _checked(sha)).read_bytes()
    except FileNotFoundError:
        raise ReferenceNotFound(f"reference picture {sha[:12]}… was not sent to this host") from None


def _checked(sha: str) -> str:
    if not _SHA.fullmatch(sha):
        raise VirtualPytestError(f"{sha!r} is no SHA-256")
    return sha
