"""What is on the screen where a reference was nearest: a proposal for a new reference."""

from __future__ import annotations

import numpy as np

from pytest_virtualpytest.models import Region
from virtualpytest_host.picture import Picture, encode_png
from virtualpytest_host.vision.reference import Reference


def cut(picture: Picture, place: Region, reference: Reference) -> bytes:
    """Return *place* of *picture* as PNG, transparent where *reference* is."""
    pixels = picture.bgr()[place.y : place.y + place.height, place.x : place.x + place.width]
    return encode_png(pixels if reference.mask is None else np.dstack([pixels, reference.mask]))
