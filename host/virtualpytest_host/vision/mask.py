"""Which part of the picture counts: a picture, white where it does."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import cast

import numpy as np

from pytest_virtualpytest.exceptions import ReferenceNotFound
from virtualpytest_host.needs import host_extra
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.planes import Plane

with host_extra("vision"):
    import cv2

Planes = tuple[Plane, Plane]  # of luma and of chroma, 255 where it counts


class Mask:
    """A mask in any size that pictures have."""

    def __init__(self, name: str, content: bytes) -> None:
        found = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE) if content else None
        if found is None:
            raise ReferenceNotFound(f"{name}: it cannot be read as a picture")
        self._whole = cast(Plane, found)
        if not (self._whole > 127).any():
            raise ReferenceNotFound(f"{name}: nothing in it is white: nothing would count")
        self.at = functools.cache(self._at)

    def __deepcopy__(self, _memo: object) -> Mask:
        """Return the mask itself: it does not change."""
        return self

    def over(self, picture: Picture) -> Planes:
        """Return the mask in the sizes of the planes of *picture*."""
        return self.at(picture.width, picture.height), self.at(-(-picture.width // 2), -(-picture.height // 2))

    def _at(self, width: int, height: int) -> Plane:
        sized = cv2.resize(self._whole, (width, height), interpolation=cv2.INTER_AREA)
        return cast(Plane, cv2.threshold(sized, 127, 255, cv2.THRESH_BINARY)[1])


def named(name: str, sha: str, content: Callable[[str], bytes]) -> Mask | None:
    """Return the mask of a target, if it names one."""
    if not name:
        return None
    if not sha:
        raise ReferenceNotFound(f"{name}: the picture was not looked up, there is no content to look for")
    return Mask(name, content(sha))
