"""Know the picture that a capture makes up when it has no signal: it is never judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pytest_virtualpytest.exceptions import CaptureError
from virtualpytest_host.picture import Picture, Plane

_GRID = 16
_ALIKE = 6.0  # mean gray levels of difference

Sample = NDArray[np.int16]


class Placeholders:
    """The pictures that mean "no signal", in whatever size the capture shows them."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._images = {path: _load(path) for path in paths}
        self._samples: dict[tuple[str, int, int], Sample] = {}

    def name(self, picture: Picture) -> str:
        """Return the name of the one that *picture* is, empty if it is none."""
        seen = picture.luma[::_GRID, ::_GRID].astype(np.int16)
        for path in self._images:
            if float(np.abs(seen - self._sample(path, picture)).mean()) < _ALIKE:
                return Path(path).name
        return ""

    def _sample(self, path: str, picture: Picture) -> Sample:
        key = path, picture.width, picture.height
        if key not in self._samples:
            image = cv2.resize(self._images[path], key[1:], interpolation=cv2.INTER_AREA).astype(np.uint8)
            made = Picture.from_bgr(np.pad(image, ((0, image.shape[0] % 2), (0, image.shape[1] % 2), (0, 0)), "edge"))
            luma = made.luma[: picture.height, : picture.width]
            self._samples[key] = luma[::_GRID, ::_GRID].astype(np.int16)
        return self._samples[key]


def refuse(picture: Picture) -> None:
    """Raise CaptureError if *picture* is a placeholder."""
    if picture.placeholder:
        message = f"no signal: the capture shows its own picture for it ({picture.placeholder})"
        raise CaptureError(message, pictures={"frame": picture.png()})


def _load(path: str) -> Plane:
    image = cv2.imread(path, cv2.IMREAD_COLOR)
    if image is None:
        raise CaptureError(f"the placeholder picture {path!r} is missing or cannot be read")
    return image.astype(np.uint8)
