"""Whether a file begins as pictures do: what its first bytes tell, without decoding anything."""

from __future__ import annotations

import re

_KNOWN = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|BM|RIFF....WEBP|II[*+]\0|MM\0[*+]|GIF8|P[1-7Ff]\s|#\?RA|#\?RGBE|v/1\x01"
    rb"|\0\0\0\x0cjP|\xff\x4f\xff\x51|\x59\xa6\x6a\x95|....ftypavi[fs]|\xff\x0a|\0\0\0\x0cJXL",
    re.DOTALL,
)
_PNG_HEAD = 33  # bytes: signature, and the whole of the chunk that tells the size


def fault(content: bytes) -> str:
    """Return why *content* can be no picture, empty where it begins as one."""
    if not content:
        return "it is empty"
    if content.startswith(b"version https://git-lfs"):
        return "it is a pointer of Git LFS, not the picture; run `git lfs pull`"
    if not _KNOWN.match(content):
        return f"it is no picture: it begins with {content[:12]!r}"
    if content.startswith(b"\x89PNG") and len(content) < _PNG_HEAD:
        return f"it is cut off after {len(content)} bytes"
    return ""
