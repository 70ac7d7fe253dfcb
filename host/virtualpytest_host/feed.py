"""Open a source so that its packets arrive as early as they can, and say in one line why it cannot be opened."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_virtualpytest.capabilities import Source
from virtualpytest_host import feeder
from virtualpytest_host.needs import host_extra

with host_extra("the recorder"):
    import av

FAULTS = (av.FFmpegError, OSError, ValueError)
_OPEN_SECONDS, _READ_SECONDS = 8.0, 3.0
_CAREFUL = {"probesize": "500000", "analyzeduration": "500000", "rtsp_transport": "tcp"}
_PICTURE = 8 << 20  # bytes; FFmpeg cuts larger pictures of a transport stream in pieces, which only its parser joins
_QUICK = {"fflags": "noparse", "probesize": "32768", "analyzeduration": "0", "max_packet_size": str(_PICTURE)}


def is_file(source: Source) -> bool:
    """Tell whether *source* is a recorded file: it is played at its own pace, once."""
    return Path(source.url).is_file()


@contextlib.contextmanager
def opened(source: Source) -> Iterator[Any]:
    """Open *source*.

    A transport stream's packets are whole pictures already; without FFmpeg's parser, which waits for
    the beginning of the next one, each arrives a frame earlier. Other codecs than H.264 and H.265 need the parser.
    """
    with _fed(source) as what, _opened(what) as container:
        if not container.streams.video and not container.streams.audio:
            raise ValueError("it has neither picture nor sound")
        yield container


def _fed(source: Source) -> contextlib.AbstractContextManager[Source]:
    return feeder.running(source, FAULTS) if feeder.needed(source) else contextlib.nullcontext(source)


def _opened(source: Source) -> Any:
    quick = (source.format == "mpegts" or source.url.startswith("udp://")) and not is_file(source)
    container = _open(source, {**(_QUICK if quick else _CAREFUL), **source.options})
    codecs = {stream.codec_context.name for stream in container.streams.video}
    if quick and "fflags" not in source.options and not codecs & {"h264", "hevc"}:
        container.close()
        container = _open(source, {**_CAREFUL, "fflags": "nobuffer", **source.options})
    return container


def cause(error: Exception, source: Source) -> str:
    """Return why *source* gives nothing."""
    if isinstance(error, (av.error.TimeoutError, av.error.ExitError)):
        return f"no packet for {_READ_SECONDS:.1f} s"
    reason = getattr(error, "strerror", "") or str(error)  # without the address: it may hold a password
    devices = sorted(str(path) for path in Path("/dev").glob("video*"))
    there = f"; attached: {', '.join(devices) or 'no camera'}" if source.url.startswith("/dev/") else ""
    return f"cannot open or read it: {reason}{there}"


def _open(source: Source, options: Mapping[str, str]) -> Any:
    form, timeout = source.format or None, (_OPEN_SECONDS, _READ_SECONDS)
    return av.open(source.url, format=form, options=dict(options), timeout=timeout)
