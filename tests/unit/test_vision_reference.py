"""Reference pictures: read, masked, refused."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from drawn import Pixels, Shelf, blank, button, coded, on, plain, png, reference
from PIL import Image
from virtualpytest_host.vision.match import find
from virtualpytest_host.vision.reference import Reference

from pytest_virtualpytest.exceptions import ReferenceNotFound
from pytest_virtualpytest.models import Region

RECORD = button()


def clock_screen(words: str) -> Pixels:
    return on(blank(), with_clock(words), (101, 57))


def with_clock(words: str) -> Pixels:
    return on(button("Record", size=(160, 40)), button(words, size=(60, 30)), (96, 5))


def window() -> Pixels:
    """Return a mask that leaves the clock out."""
    mask = blank((255, 255, 255), (160, 40))
    mask[3:37, 94:158] = 0
    return mask


def test_transparent_pixels_match_anything() -> None:
    pixels = np.dstack([with_clock("20:15"), window()[:, :, 0]])
    wanted = Reference.decode("banner.png", png(pixels))

    found = find(coded([clock_screen("09:41")])[0], wanted)

    assert found.found
    assert found.region == (101, 57, 160, 40)


def test_what_is_not_transparent_still_counts() -> None:
    wanted = Reference.decode("banner.png", png(np.dstack([with_clock("20:15"), window()[:, :, 0]])))
    screen = on(blank(), on(button("Repeat", size=(160, 40)), button("20:15", size=(60, 30)), (96, 5)), (101, 57))

    assert not find(coded([screen])[0], wanted).found


def test_without_a_mask_the_clock_counts() -> None:
    assert not find(coded([clock_screen("09:41")])[0], reference(with_clock("20:15"))).found


def test_separate_mask_is_white_where_it_counts() -> None:
    wanted = Reference.decode("banner.png", png(with_clock("20:15")), png(window()))

    assert find(coded([clock_screen("09:41")])[0], wanted).found


def test_mask_and_transparency_both_leave_out() -> None:
    other = blank((255, 255, 255), (160, 40))
    other[:, :90] = 0
    alpha = np.dstack([with_clock("20:15"), window()[:, :, 0]])

    with pytest.raises(ReferenceNotFound, match=r"banner\.png: (all of its|it is flat)"):
        Reference.decode("banner.png", png(alpha), png(255 - window()))
    wanted = Reference.decode("banner.png", png(alpha), png(255 - other))

    assert find(coded([clock_screen("09:41")])[0], wanted).found


def test_mask_of_another_size_is_an_error() -> None:
    with pytest.raises(ReferenceNotFound) as caught:
        Reference.decode("banner.png", png(RECORD), png(blank(size=(90, 32))))

    assert str(caught.value) == "banner.png: its mask is 90x32, the picture 96x32"


def test_mask_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ReferenceNotFound) as caught:
        Reference.decode("banner.png", png(RECORD), b"no picture")

    assert str(caught.value) == "mask of banner.png: its 10 bytes cannot be read as a picture"


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", png(RECORD)[:60]])
def test_content_that_is_no_picture_is_an_error(content: bytes) -> None:
    with pytest.raises(ReferenceNotFound) as caught:
        Reference.decode("banner.png", content)

    assert str(caught.value) == f"banner.png: its {len(content)} bytes cannot be read as a picture"


def test_picture_of_fractions_is_an_error() -> None:
    fractions = bytes(cv2.imencode(".tiff", RECORD.astype(np.float32) / 255)[1])

    with pytest.raises(ReferenceNotFound) as caught:
        Reference.decode("banner.tiff", fractions)

    assert str(caught.value) == "banner.tiff: its pixels are float32; save it with 8 or 16 bits a channel"


@pytest.mark.parametrize(("mode", "kind"), [("CMYK", "JPEG"), ("CMYK", "TIFF"), ("P", "PNG"), ("LA", "PNG")])
def test_picture_for_print_and_of_few_colours_is_read_alike(mode: str, kind: str) -> None:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(RECORD[:, :, ::-1])).convert(mode).save(file, kind)

    found = find(plain(on(blank(), RECORD, (101, 57))), Reference.decode("banner", file.getvalue()))

    assert found.found
    assert found.region == (101, 57, 96, 32)


def test_reference_of_ten_thousand_pixels_is_larger_than_the_picture() -> None:
    wide = np.zeros((10, 10_000, 3), np.uint8)
    wide[:, ::2] = 255

    with pytest.raises(ReferenceNotFound) as caught:
        find(plain(blank()), Reference.decode("wide.png", png(wide)))

    assert str(caught.value) == "wide.png: the reference is 10000x10, larger than the picture, 320x180"


def test_flat_reference_is_an_error() -> None:
    with pytest.raises(ReferenceNotFound) as caught:
        reference(blank((80, 90, 100), (40, 40)))

    assert str(caught.value) == "banner.png: it is flat, one colour all over: it would match any such area"


def test_reference_whose_opaque_part_is_flat_is_an_error() -> None:
    alpha = np.zeros((32, 96), np.uint8)
    alpha[4:8, 4:8] = 255

    with pytest.raises(ReferenceNotFound, match="it is flat"):
        Reference.decode("banner.png", png(np.dstack([RECORD, alpha])))


def test_wholly_transparent_reference_is_an_error() -> None:
    with pytest.raises(ReferenceNotFound) as caught:
        Reference.decode("banner.png", png(np.dstack([RECORD, np.zeros((32, 96), np.uint8)])))

    assert str(caught.value) == "banner.png: all of its 96x32 pixels are transparent: it would match anything"


def test_tiny_reference_is_an_error() -> None:
    with pytest.raises(ReferenceNotFound) as caught:
        reference(RECORD[:3, :40])

    assert str(caught.value) == "banner.png: 40x3 pixels are too few to be told from anything else"


def test_smallest_reference_is_found() -> None:
    dot = blank((20, 20, 20), (6, 6))
    dot[2:4, 2:4] = 240

    assert find(plain(on(blank((20, 20, 20)), dot, (101, 57))), reference(dot)).region == (101, 57, 6, 6)


@pytest.mark.parametrize(
    ("suffix", "pixels"),
    [
        (".bmp", RECORD),
        (".png", cv2.cvtColor(RECORD, cv2.COLOR_BGR2GRAY)),
        (".png", RECORD.astype(np.uint16) * 257),
        (".png", np.dstack([RECORD, np.full((32, 96), 255, np.uint8)])),
    ],
    ids=["bmp", "gray", "16-bit", "opaque alpha"],
)
def test_kinds_of_picture_files_are_read_alike(suffix: str, pixels: Pixels) -> None:
    wanted = Reference.decode("banner.png", bytes(cv2.imencode(suffix, pixels)[1]))

    assert wanted.mask is None
    assert find(plain(on(blank(), RECORD, (101, 57))), wanted).region == (101, 57, 96, 32)


def test_reference_cut_at_another_resolution_is_scaled_with_its_region() -> None:
    shelf = Shelf()
    large = on(blank(size=(960, 540)), cv2.resize(RECORD, (288, 96), interpolation=cv2.INTER_CUBIC), (300, 171))
    small = cv2.resize(large, (640, 360), interpolation=cv2.INTER_AREA)
    region = Region(270, 150, 400, 160)
    wanted = shelf.image(large[171:267, 300:588], resolution=(960, 540), region=region)

    seen = shelf.judge(wanted).see(coded([small])[0])

    assert seen
    assert seen.region == (200, 114, 192, 64)


def test_reference_of_another_resolution_is_not_found_outside_of_its_scaled_region() -> None:
    shelf = Shelf()
    screen = on(blank(size=(640, 360)), RECORD, (200, 114))
    wanted = shelf.image(RECORD, resolution=(640, 360), region=Region(200, 114, 96, 32))
    moved = cv2.resize(on(blank(size=(640, 360)), RECORD, (300, 200)), (1280, 720))

    assert shelf.judge(wanted).see(plain(cv2.resize(screen, (1280, 720)))).region == (400, 228, 192, 64)
    assert not shelf.judge(wanted).see(plain(moved))


def test_reference_that_scaling_makes_tiny_is_an_error() -> None:
    shelf = Shelf()
    wanted = shelf.image(RECORD[:8], resolution=(3840, 2160))

    with pytest.raises(ReferenceNotFound, match=r"banner\.png: 8x1 pixels are too few"):
        shelf.judge(wanted).see(plain(blank()))
