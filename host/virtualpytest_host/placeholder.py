"""Know the picture that a capture makes up when it has no signal: it is never judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pytest_virtualpytest.exceptions import CaptureError
from virtualpytest_host.picture import Picture

_GRID = 16
_ALIKE = 6.0  # mean gray levels of difference


class Placeholders:
    """The pictures that mean "no signal"."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._samples = [(path, _load(path)) for path in paths]

    def refuse(self, picture: Picture) -> None:
        """Raise CaptureError if *picture* is one of them."""
        for path, sample in self._samples:
            seen = picture.luma[::_GRID, ::_GRID]
            if seen.shape == sample.shape and float(np.abs(seen.astype(np.int16) - sample).mean()) < _ALIKE:
                raise CaptureError(f"no signal: the capture shows its own picture for it ({Path(path).name})")


def _load(path: str) -> NDArray[np.int16]:
    image = cv2.imread(path, cv2.IMREAD_COLOR)
    if image is None:
        raise CaptureError(f"the placeholder picture {path!r} is missing or cannot be read")
    return Picture.from_bgr(image.astype(np.uint8)).luma[::_GRID, ::_GRID].astype(np.int16)
