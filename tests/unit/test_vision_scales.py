"""Pictures that are looked for in several sizes."""

from __future__ import annotations

import cv2
import pytest
from drawn import Pixels, Shelf, blank, button, coded, on, plain, screens
from virtualpytest_host.virtual import drawing

from pytest_virtualpytest.exceptions import ReferenceNotFound, VirtualPytestError
from pytest_virtualpytest.models import Region, Sighting
from pytest_virtualpytest.targets import All, Image, Not, to_wire

SHELF = Shelf()
STEPS = (0.8, 0.9, 1.0, 1.1, 1.25)
X, Y, WIDE, HIGH = 50, 36, 250, 76
HEADER = drawing.settings(0)[Y : Y + HIGH, X : X + WIDE]


def zoomed(screen: Pixels, scale: float) -> Pixels:
    """Return *screen* as a product shows it that scales its page to the top left corner."""
    page = cv2.resize(screen, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    made = blank((30, 20, 14), (1280, 720))
    high, wide = min(720, page.shape[0]), min(1280, page.shape[1])
    made[:high, :wide] = page[:high, :wide]
    return made


@pytest.mark.parametrize("scale", STEPS)
def test_it_is_found_in_each_size_and_says_in_which(scale: float) -> None:
    (picture,) = coded([zoomed(drawing.settings(0), scale)])

    seen = SHELF.judge(SHELF.image(HEADER, scales=STEPS)).see(picture)

    assert seen
    assert seen.scale == scale
    assert seen.region == pytest.approx((X * scale, Y * scale, WIDE * scale, HIGH * scale), abs=1)


@pytest.mark.parametrize("scale", [0.8, 0.9, 1.1, 1.25])
def test_without_scales_it_is_not_found_in_another_size(scale: float) -> None:
    (picture,) = coded([zoomed(drawing.settings(0), scale)])

    assert not SHELF.judge(SHELF.image(HEADER)).see(picture)
    assert not SHELF.judge(SHELF.image(HEADER, scales=(1.0,))).see(picture)


def test_no_other_screen_shows_it_in_any_size() -> None:
    judge = SHELF.judge(SHELF.image(HEADER, scales=STEPS))
    others = [pixels for name, pixels in screens().items() if not name.startswith("settings")]

    assert [seen for picture in coded(others) if (seen := judge.see(picture))] == []


def test_no_says_at_which_scale_it_was_nearest() -> None:
    seen = SHELF.judge(SHELF.image(button("Alpha"), scales=(0.5, 1.0))).see(plain(on(blank(), button("Alpia"), (9, 9))))

    assert not seen
    assert seen.why.startswith(f"at scale {seen.scale:g}, nearest place ")
    assert seen.region
    assert seen.region.width == 96 * seen.scale


def test_every_place_in_every_size() -> None:
    small = cv2.resize(button("Alpha"), None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    screen = on(on(blank(), button("Alpha"), (20, 20), (180, 20)), small, (20, 100))

    found = SHELF.judge(SHELF.image(button("Alpha"), scales=(0.75, 1.0))).find_all(plain(screen))

    assert [(seen.region, seen.scale) for seen in found] == [
        ((20, 20, 96, 32), 1.0), ((180, 20, 96, 32), 1.0), ((20, 100, 72, 24), 0.75),
    ]  # fmt: skip


def test_scales_are_of_the_size_that_the_screen_asks_for() -> None:
    half = cv2.resize(zoomed(drawing.settings(0), 0.8), (640, 360), interpolation=cv2.INTER_AREA)
    image = SHELF.image(HEADER, scales=(0.8, 1.0), resolution=(1280, 720), region=Region(0, 0, 400, 200))

    seen = SHELF.judge(image).see(plain(half))

    assert seen
    assert (seen.scale, seen.region) == (0.8, (20, 15, 100, 30))


def test_scale_of_a_member_is_told() -> None:
    (picture,) = coded([zoomed(drawing.settings(0), 0.9)])
    header = SHELF.image(HEADER, scales=STEPS)

    assert SHELF.judge(All(header, Not(SHELF.image(button())))).see(picture).scale == 0.9


def test_picture_that_a_scale_makes_larger_than_its_region_is_an_error() -> None:
    image = SHELF.image(button(), scales=(1.0, 2.0), region=Region(0, 0, 150, 150))

    with pytest.raises(ReferenceNotFound, match=r"banner\.png: the reference is 192x64, larger than the region"):
        SHELF.judge(image).see(plain(blank()))


@pytest.mark.parametrize("scales", [(), (0,), (1, 20), "0.9", (-1.0,)])
def test_scales_that_make_no_sense_are_told(scales: tuple[float, ...]) -> None:
    with pytest.raises(VirtualPytestError, match=r"a\.png: scales .* are not numbers from 0\.1 to 10"):
        Image("a.png", scales=scales)


def test_order_and_repeats_do_not_matter() -> None:
    assert Image("a.png", scales=[1.1, 0.9, 1, 1.0]) == Image("a.png", scales=(1, 0.9, 1.1))


def test_what_is_as_by_default_does_not_travel() -> None:
    """So an older host, which knows nothing of scales, still looks for pictures without."""
    assert to_wire(Image("a.png")) == {"kind": "image", "name": "a.png"}
    assert "scale" not in Sighting(True, "a.png").to_wire()
    assert Sighting.from_wire(Sighting(True, "a.png", scale=0.9).to_wire()).scale == 0.9
