"""Judge pictures that no device shows: a reference tried on a saved frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.models import Region, Sighting
from pytest_virtualpytest.targets import Image
from pytest_virtualpytest.wire import Reply
from virtualpytest_host.needs import host_extra
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision import match
from virtualpytest_host.vision.draw import annotate
from virtualpytest_host.vision.planes import Plane
from virtualpytest_host.vision.reference import Reference

with host_extra("vision"):
    import cv2


def match_pictures(
    frame: bytes, reference: bytes, region: Sequence[int] | None = None, threshold: float | None = None
) -> Reply:
    """Return the sighting of *reference* in *frame*, both encoded pictures, and what was seen, drawn, as PNG."""
    picture = Picture.from_bgr(_decoded(frame))
    target = Image("the reference", Region(*region) if region else None, threshold)
    wanted = Reference.decode(target.name, reference)
    found = match.find(picture, wanted, target.region, threshold)
    seen = Sighting(
        found.found, target.name, score=found.score, threshold=found.threshold, region=found.region,
        why="" if found.found else found.why,
    )  # fmt: skip
    return Reply(seen.to_wire(), [annotate(picture, seen, wanted, target.region)])


def _decoded(frame: bytes) -> Plane:
    pixels = cv2.imdecode(np.frombuffer(frame, np.uint8), cv2.IMREAD_COLOR) if frame else None
    if pixels is None:
        raise VirtualPytestError("the frame cannot be read as a picture")
    return np.asarray(pixels, np.uint8)
