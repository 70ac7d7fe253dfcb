"""One stream of a source, from its packets to those that a ring keeps: each can be decoded by itself from a key on.

H.264 and H.265 are kept with start codes, AAC with ADTS headers, whatever they came in. Raw pictures,
and pictures that were compressed one by one, are encoded once.
"""

from __future__ import annotations

import collections
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.video.reformatter import VideoReformatter

from virtualpytest_host import ring

_RAW = {"rawvideo", "bmp", "v210", "wrapped_avframe", "mjpeg", "png"}
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_WINDOW = 10.0  # seconds over which the earliest arrival is sought
_UNSETTLED = 0.02  # seconds of error before the earliest arrival is known
_BITS = 4_500_000  # a second at 720p, so that half a minute fits into the ring
_PAUSE = 3.0  # seconds without a packet that a file may play
_JUMP = 1.0  # seconds by which pts must jump to leave a gap


class Envelope:
    """Maps a stream's clock to this machine's: the earliest arrivals bound it from below.

    The difference arrival - pts is least for the packet that waited least; its minimum over the last
    seconds follows a drifting clock. How far the minima of single seconds lie apart tells how sure it is.
    """

    def __init__(self) -> None:
        self._minima: collections.deque[tuple[float, float]] = collections.deque()

    def note(self, pts: float, arrival: float) -> None:
        """Take note of when the picture of *pts* arrived."""
        offset = arrival - pts
        if not self._minima or arrival - self._minima[-1][0] >= 1:
            self._minima.append((arrival, offset))
        elif offset < self._minima[-1][1]:
            self._minima[-1] = self._minima[-1][0], offset
        while self._minima[0][0] < arrival - _WINDOW:
            self._minima.popleft()

    def map(self, pts: float, arrival: float) -> tuple[float, float]:
        """Return the time on this machine's clock that belongs to *pts*, and how far it may be off."""
        if not self._minima:
            return arrival, _UNSETTLED
        least = sorted(offset for _, offset in self._minima)
        spread = least[len(least) // 2] - least[0] if len(least) > 2 else least[-1] - least[0] + _UNSETTLED
        return min(arrival, pts + least[0]), spread


@dataclass(frozen=True)
class Piece:
    """One packet as the ring keeps it; pts and dts count the stream's own units."""

    data: bytes
    pts: int
    dts: int
    key: bool


class Track:
    """The pictures or the sound of a source."""

    def __init__(self, stream: Any, envelope: Envelope, *, paced: bool = False) -> None:
        self._base: Fraction = stream.time_base
        self._video: bool = stream.type == "video"
        self._context = stream.codec_context
        self._facts = self._describe(stream)
        self._convert = _converter(stream)
        self._envelope, self._paced = envelope, paced
        self._began: tuple[float, float] | None = None
        self._last: tuple[float, float] | None = None

    def facts(self) -> dict[str, Any]:
        """Return what a reader must know to decode."""
        size = {"width": self._context.width, "height": self._context.height} if self._video else {}
        return self._facts | size

    def entries(self, packet: Any) -> Iterator[dict[str, Any]]:
        """Return what the ring keeps of *packet*; ``jump`` tells that the stream's clock has jumped before it."""
        if self._paced and packet.dts is not None:
            self._pace(float(packet.dts * self._base))
        for piece in self._convert(packet):
            arrival, seconds = time.monotonic(), float(piece.pts * self._base)
            gap, jump = self._interrupted(float(piece.dts * self._base), arrival)
            gap = gap or packet.is_corrupt  # the demuxer has missed some of it
            if jump and self._video:
                self._envelope.__init__()  # type: ignore[misc]  # both tracks share it
            if self._video:
                self._envelope.note(seconds, arrival)
            captured, error = self._envelope.map(seconds, arrival)
            flags = (ring.KEY if piece.key else 0) | (ring.GAP if gap else 0)
            kind = ring.VIDEO if self._video else ring.AUDIO
            yield {"data": piece.data, "stream": kind, "pts": piece.pts, "dts": piece.dts, "flags": flags,
                   "arrival": arrival, "captured": captured, "error": error, "jump": jump and self._video}  # fmt: skip

    def _interrupted(self, seconds: float, arrival: float) -> tuple[bool, bool]:
        """Tell whether packets are missing here, and whether the stream's clock has jumped."""
        last, self._last = self._last, (seconds, arrival)
        if last is None or abs(seconds - last[0]) < _JUMP:
            return False, False
        return True, abs((seconds - last[0]) - (arrival - last[1])) > _JUMP

    def _pace(self, seconds: float) -> None:
        now = time.monotonic()
        self._began = self._began or (now, seconds)
        early = self._began[0] + (seconds - self._began[1]) - now
        if abs(early) > _PAUSE:  # its clock has jumped
            self._began = now, seconds
        elif early > 0:
            time.sleep(early)

    def _describe(self, stream: Any) -> dict[str, Any]:
        context, base = self._context, [self._base.numerator, self._base.denominator]
        codec = "h264" if context.name in _RAW else context.name
        if not self._video:
            layout = context.layout.name if context.layout else "stereo"
            return {"codec": codec, "base": base, "rate": context.sample_rate, "layout": layout}
        return {"codec": codec, "base": base, "interval": 1 / float(stream.average_rate or 25)}


def _converter(stream: Any) -> Callable[[Any], Iterator[Piece]]:
    """Return what makes ring packets of the packets of *stream*."""
    context = stream.codec_context
    extradata = bytes(context.extradata or b"")
    if context.name in _RAW:
        return _Encoded(stream)
    if context.name in {"h264", "hevc"}:
        name = f"{context.name}_mp4toannexb"
        bare = av.bitstream.BitStreamFilterContext(name, stream) if extradata[:1] == b"\1" else None
        return lambda packet: _pictures(bare.filter(packet) if bare else [packet], context.name)
    if context.name == "aac" and extradata:
        return lambda packet: _plain(packet, adts(extradata, packet.size) if bytes(packet)[:1] != b"\xff" else b"")
    return _plain


def _plain(packet: Any, head: bytes = b"") -> Iterator[Piece]:
    pts, dts = (packet.dts if one is None else one for one in (packet.pts, packet.dts))
    if pts is not None:
        yield Piece(head + bytes(packet), pts, pts if dts is None else dts, packet.is_keyframe)


def _pictures(packets: list[Any], codec: str) -> Iterator[Piece]:
    for packet in packets:
        for piece in _plain(packet):
            key = piece.key or is_key(piece.data, codec)
            yield Piece(piece.data, piece.pts, piece.dts, key)


class _Encoded:
    """Encodes pictures with a key frame twice a second."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._reformatter = VideoReformatter()  # a frame's own would be set up for each frame anew
        rate = stream.average_rate or Fraction(25)
        context: Any = av.CodecContext.create("libx264", "w")
        context.width, context.height = stream.codec_context.width // 2 * 2, stream.codec_context.height // 2 * 2
        context.pix_fmt, context.time_base, context.framerate = "yuv420p", stream.time_base, rate
        group = max(1, round(rate / 2))
        most = str(max(_BITS, _BITS * context.width * context.height // (1280 * 720)))
        limit = {"maxrate": most, "bufsize": most}
        context.options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(group), "crf": "18"} | limit
        context.thread_count = 1
        self._encoder = context

    def __call__(self, packet: Any) -> Iterator[Piece]:
        for frame in packet.decode():
            wide, high = self._encoder.width, self._encoder.height
            picture = self._reformatter.reformat(frame, wide, high, "yuv420p")
            picture.pts, picture.time_base = frame.pts, self._stream.time_base
            picture.pict_type = av.video.frame.PictureType.NONE  # else each would be a key frame, as it was raw
            for made in self._encoder.encode(picture):
                yield Piece(bytes(made), made.pts, made.dts, made.is_keyframe)


def is_key(data: bytes, codec: str) -> bool:
    """Tell whether decoding can begin with this access unit of H.264 or H.265 (ITU-T H.264 7.4.1, H.265 7.4.2.2)."""
    place = data.find(b"\0\0\1")
    while 0 <= place < len(data) - 3:
        kind = data[place + 3] & 0x1F if codec == "h264" else data[place + 3] >> 1 & 0x3F
        if kind in ((5, 7) if codec == "h264" else (16, 17, 18, 19, 20, 21, 33)):
            return True
        if kind in ((1, 2) if codec == "h264" else range(10)):
            return False
        place = data.find(b"\0\0\1", place + 3)
    return False


def adts(config: bytes, size: int) -> bytes:
    """Return the ADTS header of an AAC packet of *size* bytes (ISO 14496-3 1.A.2), from its AudioSpecificConfig."""
    bits = int.from_bytes(config[:2], "big")
    profile, rate, channels = (bits >> 11) - 1, bits >> 7 & 15, bits >> 3 & 15
    if not 0 <= profile <= 3 or rate >= len(_RATES):
        profile, rate = 1, min(rate, len(_RATES) - 1)
    length = size + 7
    head = 0xFFF1 << 40 | profile << 38 | rate << 34 | channels << 30 | length << 13 | 0x7FF << 2
    return head.to_bytes(7, "big")
