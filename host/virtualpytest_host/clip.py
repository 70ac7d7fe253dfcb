"""Cut a piece of a recording out as MP4: the packets as they are, nothing is encoded again."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av

from pytest_virtualpytest.exceptions import CaptureError
from virtualpytest_host import ring
from virtualpytest_host.player import packet
from virtualpytest_host.recording import Recording

_IN_STREAM = {"h264", "hevc", "mpeg2video", "mp2", "mp3", "ac3", "eac3"}  # these say all of themselves in their packets


def cut(recording: Recording, begin: float, end: float) -> tuple[bytes, float, float]:
    """Return the MP4 of what was captured from *begin* to *end*, its length in seconds, and when it begins.

    It begins at the key frame before *begin*, or where the stream last began if that is later. Sound is left out
    where its packets cannot stand alone.
    """
    entries = list(_entries(recording, begin, end))
    if not entries:
        raise CaptureError(f"the recording of {recording} holds no key frame of that time")
    first = entries[0][0]
    facts = {kind: recording.facts(first.generation, kind) or {} for kind in ("video", "audio")}
    base = Fraction(*facts["video"]["base"])
    video = [entry for entry, _ in entries if entry.stream == ring.VIDEO]
    shown = [entry.pts for entry in video]
    seconds = float((max(shown) - min(shown)) * base) + recording.interval()
    stream = io.BytesIO()
    _write_transport(stream, facts, entries, min(entry.dts for entry in video) * base)
    stream.seek(0)
    return _to_mp4(stream), seconds, recording.captured(first)


def _entries(recording: Recording, begin: float, end: float) -> Iterator[tuple[ring.Entry, bytes]]:
    """Yield the packets of one generation, from a key frame on, without what is shown before it."""
    reader = recording.ring
    first = _first(recording, begin)
    if first is None:
        return
    kinds = {ring.VIDEO: "video", ring.AUDIO: "audio"}
    facts = {stream: recording.facts(first.generation, kind) for stream, kind in kinds.items()}
    bases = {stream: Fraction(*fact["base"]) for stream, fact in facts.items() if fact}
    start = first.pts * bases[ring.VIDEO]
    for number in range(first.number, reader.newest + 1):
        entry = reader.entry(number)
        data = reader.data(entry) if entry else None
        if entry is None or data is None or entry.generation != first.generation:
            continue
        if recording.captured(entry) > end and entry.stream == ring.VIDEO:
            return
        if entry.pts * bases[entry.stream] >= start:
            yield entry, data


def _first(recording: Recording, begin: float) -> ring.Entry | None:
    """Return the newest key frame at or before *begin*, else the oldest one of the stream's newest piece."""
    reader, found = recording.ring, None
    for number in range(reader.newest, 0, -1):
        entry = reader.entry(number)
        if entry is None or (found and entry.generation != found.generation):
            break
        if entry.stream == ring.VIDEO and entry.key:
            found = entry
            if recording.captured(entry) <= begin:
                break
    return found


def _write_transport(
    output: io.BytesIO, facts: dict[str, Any], entries: list[tuple[ring.Entry, bytes]], start: Fraction
) -> None:
    """Write a transport stream, whose demuxer then finds out what an MP4 must know of each codec.

    Its clock begins at *start*: an MP4 would show nothing for as long as the device's clock has run.
    """
    with av.open(output, "w", format="mpegts") as container:
        tracks: dict[int, tuple[Any, Fraction]] = {}
        for kind, name in ((ring.VIDEO, "video"), (ring.AUDIO, "audio")):
            fact = facts[name]
            sample = next((data for entry, data in entries if entry.stream == kind), b"")
            if fact and sample and (fact["codec"] in _IN_STREAM or sample[:2] in {b"\xff\xf1", b"\xff\xf9"}):
                known = {key: fact[key] for key in ("rate", "width", "height") if key in fact}
                tracks[kind] = (container.add_mux_stream(fact["codec"], **known), Fraction(*fact["base"]))
        for entry, data in entries:
            if entry.stream in tracks:
                stream, base = tracks[entry.stream]
                made = packet(entry, data, base)
                shift = round(start / base)
                made.pts, made.dts, made.stream = entry.pts - shift, entry.dts - shift, stream
                container.mux(made)


def _to_mp4(transport: io.BytesIO) -> bytes:
    output = io.BytesIO()
    source: Any
    with (
        av.open(transport, format="mpegts") as source,
        av.open(output, "w", format="mp4") as target,
    ):
        streams = {stream: target.add_stream_from_template(stream) for stream in source.streams}
        for made in source.demux():
            if made.dts is not None:
                made.stream = streams[made.stream]
                target.mux(made)
    return output.getvalue()
