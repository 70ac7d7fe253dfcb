"""Finding a reference picture in a frame."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from drawn import GRAY, Colour, blank, button, coded, on, plain, reference, screens
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.match import find, find_all
from virtualpytest_host.vision.scoring import THRESHOLD

from pytest_virtualpytest.exceptions import ReferenceNotFound
from pytest_virtualpytest.models import Region

RECORD = button()


@pytest.mark.parametrize("place", [(0, 0), (101, 57), (224, 148), (7, 90)])
def test_reference_is_found_at_its_exact_pixel(place: tuple[int, int]) -> None:
    screen = coded([on(blank(), RECORD, place)])[0]

    found = find(screen, reference(RECORD))

    assert found.found
    assert found.region == (*place, 96, 32)
    assert found.score > 0.9
    assert found.why == found.stage == ""


def test_reference_cut_from_a_real_screen_is_found_through_the_codec() -> None:
    home = screens()["home-0"]

    found = find(coded([home])[0], reference(home[176:356, 355:630]))

    assert found.found
    assert found.region == (355, 176, 275, 180)


def test_absent_reference_gives_the_nearest_place_and_why() -> None:
    screen = plain(on(blank(), button("Delete"), (101, 57)))

    found = find(screen, reference(RECORD))

    assert not found.found
    assert found.score < found.threshold == THRESHOLD
    assert found.region == (101, 57, 96, 32)
    assert found.why == (
        f"nearest place 101,57 96x32: score {found.score:.2f} of 0.75 wanted; "
        "too much of it differs, most around 117,74 (stage: coarse)"
    )


def test_frame_with_nothing_like_the_reference_fails_the_coarse_stage() -> None:
    found = find(plain(blank((250, 250, 250))), reference(RECORD))

    assert not found.found
    assert found.stage == "coarse"
    assert "too much of it differs" in found.why


@pytest.mark.parametrize("colour", [(160, 92, 82), (112, 106, 70), (60, 60, 130), (140, 40, 56)])
def test_gray_button_is_not_a_coloured_one_of_the_same_brightness(colour: Colour) -> None:
    luma = round(float(cv2.cvtColor(np.full((1, 1, 3), colour, np.uint8), cv2.COLOR_BGR2GRAY)[0, 0]))
    screen = coded([on(blank(), button(colour=(luma, luma, luma)), (101, 57))])[0]

    found = find(screen, reference(button(colour=colour)))

    assert not found.found
    assert found.stage == "colour"
    assert "same brightness, other colour" in found.why


def test_one_missing_letter_is_not_the_same() -> None:
    wanted = button("Recording", size=(300, 60))
    screen = coded([on(blank(), button("Recordin", size=(300, 60)), (10, 57))])[0]

    found = find(screen, reference(wanted))

    assert not found.found
    assert found.stage == "confirm"
    assert abs(found.region.x - 10) <= 2


def test_one_other_digit_in_a_large_reference_is_not_the_same() -> None:
    settings = screens()["settings-0"]
    changed = settings.copy()
    cv2.rectangle(changed, (640, 300), (652, 318), (248, 246, 244), 2)

    found = find(coded([settings])[0], reference(changed[130:700, 40:1240]))

    assert not found.found


def test_similar_screen_is_not_the_screen() -> None:
    rows = coded([screens()[f"settings-{row}"] for row in range(3)])
    wanted = reference(screens()["settings-1"])

    assert [find(row, wanted).found for row in rows] == [False, True, False]


def test_flat_frame_is_no_picture() -> None:
    for level in (0, 16, 96, 255):
        assert not find(plain(blank((level, level, level))), reference(RECORD)).found


def test_dimmed_screen_is_not_the_screen() -> None:
    home = screens()["home-0"]

    found = find(coded([(home * 0.5).astype(np.uint8)])[0], reference(home[36:112, 50:240]))

    assert not found.found


def test_full_range_stream_is_judged_as_a_limited_one() -> None:
    pixels = on(blank(), RECORD, (101, 57))
    luma, u, v = (plane.astype(np.float32) for plane in (plain(pixels).luma, *plain(pixels).chroma))
    y = np.clip((luma - 16) * 255 / 219, 0, 255).astype(np.uint8)
    blue, red = (np.clip((plane - 128) * 255 / 224 + 128, 0, 255).astype(np.uint8) for plane in (u, v))

    found = find(Picture(y, (blue, red), full_range=True), reference(RECORD))

    assert found.found
    assert found.region == (101, 57, 96, 32)
    assert found.score > 0.9


def test_reference_is_found_within_its_region_only() -> None:
    screen, wanted = plain(on(blank(), RECORD, (101, 57))), reference(RECORD)

    assert find(screen, wanted, Region(101, 57, 96, 32)).found
    assert find(screen, wanted, Region(90, 50, 120, 60)).region == (101, 57, 96, 32)
    assert not find(screen, wanted, Region(102, 57, 200, 100)).found
    assert not find(screen, wanted, Region(0, 0, 150, 180)).found


def test_region_that_reaches_beyond_the_picture_ends_at_its_border() -> None:
    screen = plain(on(blank(), RECORD, (224, 148)))

    assert find(screen, reference(RECORD), Region(200, 100, 900, 900)).region == (224, 148, 96, 32)


@pytest.mark.parametrize("region", [Region(320, 0, 50, 50), Region(0, -40, 320, 40), Region(10, 10, 0, 20)])
def test_region_outside_of_the_picture_is_an_error(region: Region) -> None:
    with pytest.raises(ReferenceNotFound) as caught:
        find(plain(blank()), reference(RECORD), region)

    assert str(caught.value) == f"banner.png: region {region} is empty or outside of the picture, 320x180"


def test_reference_larger_than_the_picture_is_an_error() -> None:
    with pytest.raises(ReferenceNotFound) as caught:
        find(plain(blank()), reference(button(size=(322, 40))))

    assert str(caught.value) == "banner.png: the reference is 322x40, larger than the picture, 320x180"


def test_reference_larger_than_its_region_is_an_error() -> None:
    with pytest.raises(ReferenceNotFound) as caught:
        find(plain(blank()), reference(RECORD), Region(10, 20, 80, 100))

    assert str(caught.value) == "banner.png: the reference is 96x32, larger than the region 10,20 80x100 of the picture"


def test_threshold_decides() -> None:
    screen = coded([on(blank(), RECORD, (101, 57))], rate=300_000)[0]
    score = find(screen, reference(RECORD)).score

    assert 0.75 < score < 1
    assert find(screen, reference(RECORD), threshold=score - 0.01).found
    assert not find(screen, reference(RECORD), threshold=1.0).found


def test_exact_picture_passes_the_highest_threshold() -> None:
    assert find(plain(on(blank(), RECORD, (102, 58))), reference(RECORD), threshold=1.0).found


def test_reference_of_colours_without_contrast_in_brightness_is_found() -> None:
    striped = blank((153, 60, 60), (48, 40))
    striped[:, 24:] = (60, 78, 84)

    found = find(coded([on(blank(), striped, (101, 57))])[0], reference(striped))

    assert found.found
    assert found.region == (101, 57, 48, 40)


def test_place_that_luma_alone_puts_elsewhere_is_found() -> None:
    """A striped pitch is alike all along; the players' colours say which place it is."""
    from virtualpytest_host.virtual import scenes

    frame = scenes.live(1, 0)

    found = find(coded([frame])[0], reference(frame[64:264, 253:553]))

    assert found.found
    assert found.region == (253, 64, 300, 200)


def test_reference_that_halving_would_make_flat_is_found() -> None:
    edge = blank((34, 24, 18), (240, 96))
    edge[-7:] = (90, 170, 90)
    edge[-7:, 150:170] = (90, 90, 240)
    screen = on(blank((34, 24, 18), (640, 360)), edge, (201, 155))

    found = find(coded([screen])[0], reference(edge))

    assert found.found
    assert found.region == (201, 155, 240, 96)


def test_every_place_is_found_in_reading_order() -> None:
    places = [(5, 3), (160, 3), (60, 70), (201, 141)]
    screen = coded([on(blank(), RECORD, *places)])[0]

    found = find_all(screen, reference(RECORD))

    assert [match.region[:2] for match in found] == places
    assert all(match.found for match in found)


def test_places_found_do_not_overlap() -> None:
    chequered = np.tile(np.kron([[0, 1], [1, 0]], np.full((8, 8), 200)), (6, 10)).astype(np.uint8)
    board = cv2.cvtColor(chequered, cv2.COLOR_GRAY2BGR)

    found = find_all(plain(board), reference(board[:32, :32]))

    taken = np.zeros(board.shape[:2], int)
    for match in found:
        taken[match.region.y : match.region.y + 32, match.region.x : match.region.x + 32] += 1
    assert len(found) >= 6
    assert taken.max() == 1


def test_nothing_is_found_where_nothing_is() -> None:
    assert find_all(plain(blank(GRAY)), reference(RECORD)) == []
    assert find_all(plain(on(blank(), button("Delete"), (101, 57))), reference(RECORD)) == []


def test_only_the_places_within_the_region_are_found() -> None:
    screen = plain(on(blank(), RECORD, (5, 3), (200, 3), (60, 141)))

    found = find_all(screen, reference(RECORD), Region(0, 0, 320, 60))

    assert [match.region[:2] for match in found] == [(5, 3), (200, 3)]


def test_region_gives_the_answer_of_the_whole_picture() -> None:
    """Halved is only the region, and what is around it."""
    screen = coded([screens()["guide-1"]])[0]
    for x, y, wide, high in ((300, 250, 120, 80), (0, 60, 191, 50), (1000, 560, 280, 160)):
        wanted = reference(screens()["guide-1"][y : y + high, x : x + wide])
        around = Region(max(0, x - 37), max(0, y - 23), wide + 80, high + 70)

        assert find(screen, wanted, around) == find(screen, wanted)
