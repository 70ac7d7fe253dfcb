"""Attachments, sent so that none of them can act on a page: what a browser would run is a download."""

from __future__ import annotations

from pathlib import PurePosixPath

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from virtualpytest_dashboard import pages
from virtualpytest_dashboard.details import size_of
from virtualpytest_dashboard.records import kind_of

_TYPES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
    ".bmp": "image/bmp", ".mp4": "video/mp4", ".m4v": "video/mp4", ".webm": "video/webm", ".ogv": "video/ogg",
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".ogg": "audio/ogg", ".flac": "audio/flac",
}  # fmt: skip
_SANDBOX = "default-src 'none'; sandbox"


def one(request: Request) -> Response:
    """Send an attachment, or the part of it that was asked for."""
    folder = pages.folder(request)
    name = request.path_params["name"]
    if size_of(folder.path, name) is None:
        raise HTTPException(404, f"There is no attachment {name!r} in this run.")
    kind = type_of(name)
    way = "attachment" if kind == "application/octet-stream" else "inline"
    headers = {"Content-Security-Policy": _SANDBOX, "Cache-Control": "private, max-age=60"}
    path = folder.path / name
    return FileResponse(path, headers=headers, media_type=kind, filename=name, content_disposition_type=way)


def type_of(name: str) -> str:
    """Return the type by the file's own ending: what the results say of it is not to be trusted."""
    if kind_of(name) == "text":
        return "text/plain; charset=utf-8"
    return _TYPES.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")
