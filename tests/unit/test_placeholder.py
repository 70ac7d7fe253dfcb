"""The picture that a capture makes up without a signal is known in whatever size it comes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from virtualpytest_host.picture import Picture
from virtualpytest_host.placeholder import Placeholders, refuse

from pytest_virtualpytest.exceptions import CaptureError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a placeholder."""
    image = np.full((360, 640, 3), 60, np.uint8)
    cv2.putText(image, "NO SIGNAL", (120, 200), cv2.FONT_HERSHEY_SIMPLEX, 2.5, (240, 240, 240), 8)
    cv2.imwrite(str(tmp_path / "none.png"), image)
    return tmp_path / "none.png"


def picture(path: Path, size: tuple[int, int], bright: float = 1.0) -> Picture:
    image = cv2.imread(str(path))
    assert image is not None
    return Picture.from_bgr((cv2.resize(image, size) * bright).astype(np.uint8))


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (720, 576), (426, 240)])
def test_placeholder_is_known_in_every_size(path: Path, size: tuple[int, int]) -> None:
    name = Placeholders([str(path)]).name(picture(path, size))

    assert name == "none.png"


def test_other_picture_is_none(path: Path) -> None:
    name = Placeholders([str(path)]).name(picture(path, (640, 360), 0.5))

    assert name == ""


def test_without_placeholders_every_picture_counts(path: Path) -> None:
    assert Placeholders([]).name(picture(path, (640, 360))) == ""


def test_placeholder_is_refused_with_the_picture(path: Path) -> None:
    seen = picture(path, (640, 360))
    seen.placeholder = "none.png"

    with pytest.raises(CaptureError, match=r"no signal: .* \(none.png\)") as caught:
        refuse(seen)

    assert caught.value.pictures["frame"].startswith(b"\x89PNG")


def test_placeholder_that_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "none.png").write_text("nothing")

    with pytest.raises(CaptureError, match=r"the placeholder picture '.*none.png' is missing or cannot be read"):
        Placeholders([str(tmp_path / "none.png")])
