"""Secrets: made here, kept as digests, and passwords by argon2."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import secrets
import threading
from collections.abc import Iterator

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from starlette.exceptions import HTTPException

_HASHER = PasswordHasher()
_AT_ONCE = threading.BoundedSemaphore(2)  # each takes 64 MiB
_IN_LINE = threading.BoundedSemaphore(12)  # threads that wait for it: pages need some, too


def made(prefix: str = "") -> str:
    """Return a new secret that nobody guesses."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return what is kept of *secret*, which has randomness enough to need no salt and no slowness."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def of_password(password: str) -> str:
    """Return what is kept of *password*."""
    with _turn():
        return _HASHER.hash(password)


def fits(kept: str, password: str) -> bool:
    """Tell whether *kept* was made of *password*; it takes as long where nothing is kept."""
    with _turn():
        try:
            return _HASHER.verify(kept or _nobodys(), password) and bool(kept)
        except (VerifyMismatchError, InvalidHashError):
            return False


def outdated(kept: str) -> bool:
    """Tell whether *kept* was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    """Wait for one's turn; 503 where too many do."""
    if not _IN_LINE.acquire(blocking=False):
        raise HTTPException(503, "Too many are signing in at this moment: try again.", {"Retry-After": "2"})
    try:
        with _AT_ONCE:
            yield
    finally:
        _IN_LINE.release()


@functools.cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))
