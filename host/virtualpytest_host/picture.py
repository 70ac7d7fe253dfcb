"""One decoded frame, with its capture time; colour and PNG are made only when asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
_QUICK = [
    *(cv2.IMWRITE_PNG_COMPRESSION, 1),
    *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),
    *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_SUB),
]  # half the time of the usual choice, and no larger


@dataclass(eq=False)
class Picture:
    """A frame: *luma* is the codec's own Y plane, (height, width), 16–235 unless *full_range*.

    *captured* ± *error* is CLOCK_MONOTONIC in seconds, *pts* the stream's own clock in seconds; *gap*
    says that frames are missing before this one. *cache* is for what checks derive from the picture.
    """

    luma: Plane
    chroma: tuple[Plane, Plane]
    full_range: bool
    captured: float = 0.0
    error: float = 0.0
    pts: float = 0.0
    gap: bool = False
    placeholder: str = ""  # the name of the capture's own picture that this is
    generation: int = 0  # pts of two generations cannot be compared
    matrix: str = "bt601"  # or "bt709": how colour was turned into luma and chroma
    cache: dict[Any, Any] = field(default_factory=dict, repr=False)
    _frame: Any = field(default=None, repr=False)

    def __deepcopy__(self, _memo: object) -> Self:
        """Return the picture itself: it does not change."""
        return self

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.luma.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.luma.shape[0])

    def bgr(self) -> Plane:
        """Return the picture in colour, (height, width, 3)."""
        if "bgr" not in self.cache:
            self.cache["bgr"] = self._frame.to_ndarray(format="bgr24")
        found: Plane = self.cache["bgr"]
        return found

    def png(self) -> bytes:
        """Return the picture as PNG."""
        return encode_png(self.bgr())

    @classmethod
    def from_av(cls, frame: Any, **times: Any) -> Self:
        """Return the picture in a PyAV video frame."""
        full = frame.format.name.startswith("yuvj") or frame.color_range == 2
        if frame.format.name not in {"yuv420p", "yuvj420p"}:
            frame = frame.reformat(format="yuvj420p" if full else "yuv420p")
        y, u, v = (_plane(plane) for plane in frame.planes)
        matrix = "bt709" if frame.colorspace == 1 else "bt601"  # untagged is taken for bt601, as FFmpeg does
        return cls(y, (u, v), bool(full), matrix=matrix, _frame=frame, **times)

    @classmethod
    def from_bgr(cls, array: Plane, **times: Any) -> Self:
        """Return the picture in a colour array of OpenCV's order, as a codec would hold it."""
        height, width = array.shape[0] // 2 * 2, array.shape[1] // 2 * 2
        even = np.ascontiguousarray(array[:height, :width])
        frame = av.VideoFrame.from_ndarray(even, format="bgr24").reformat(format="yuv420p")
        picture = cls.from_av(frame, **times)
        picture.cache["bgr"] = even
        return picture


def _plane(plane: Any) -> Plane:
    whole: Plane = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
    return whole[:, : plane.width]


def encode_png(array: Plane) -> bytes:
    """Return a BGR array as PNG, quickly rather than small."""
    return bytes(cv2.imencode(".png", array, _QUICK)[1])
