"""The virtual product's pictures: the references, and what they are cut from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from virtualpytest_host.virtual import drawing
from virtualpytest_host.virtual.pictures import FOLDER
from virtualpytest_host.virtual.product import CHANNELS, LOADING_SECONDS, Product

NOW = 1000.0


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the pictures as the product's drawing has them now."""
    folder = tmp_path_factory.mktemp("pictures")
    subprocess.run([sys.executable, "-m", "virtualpytest_host.virtual.pictures", str(folder)], check=True, timeout=60)
    return folder


def test_references_are_the_same_files(written: Path) -> None:
    names = [sorted(path.name for path in folder.glob("*.png")) for folder in (FOLDER, written)]

    assert names[0] == names[1]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.png")), ids=lambda path: path.stem)
def test_reference_equals_the_drawing(written: Path, path: Path) -> None:
    ours, drawn = (cv2.imread(str(one), cv2.IMREAD_UNCHANGED) for one in (path, written / path.name))

    assert np.array_equal(ours, drawn), f"write it anew: python -m virtualpytest_host.virtual.pictures {FOLDER}"


@pytest.mark.parametrize("channel", range(len(CHANNELS)))
def test_every_channel_moves_from_frame_to_frame(channel: int) -> None:
    product = Product(channel=channel)

    changed = [
        np.count_nonzero(drawing.draw(product, number, NOW) != drawing.draw(product, number + 1, NOW))
        for number in range(0, 600, 7)
    ]

    assert min(changed) > 5_000


def test_spinner_moves() -> None:
    product = Product(screen="app", loading_until=NOW + LOADING_SECONDS)

    frames = [drawing.draw(product, number, NOW) for number in range(3)]

    assert not np.array_equal(frames[0], frames[1])
    assert not np.array_equal(frames[1], frames[2])


@pytest.mark.parametrize("screen", ["home", "guide", "settings"])
def test_menus_do_not_move_and_show_the_row_that_is_chosen(screen: str) -> None:
    first, second = Product(screen=screen), Product(screen=screen, row=1)

    pictures = [drawing.draw(first, 0, NOW), drawing.draw(first, 7, NOW), drawing.draw(second, 0, NOW)]

    assert np.array_equal(pictures[0], pictures[1])
    assert np.count_nonzero(pictures[0] != pictures[2]) > 5_000


def test_no_two_screens_look_alike_but_standby_and_black() -> None:
    names = ("boot", "no-signal", "app", "standby", "black")
    screens = [drawing.still(name) for name in names]
    screens += [drawing.home(0), drawing.guide(0, 0), drawing.settings(0), drawing.loading(0)]
    screens += [drawing.draw(Product(channel=channel), 0, NOW) for channel in range(len(CHANNELS))]

    alike = {
        (one, other)
        for one in range(len(screens))
        for other in range(one)
        if np.abs(screens[one].astype(int) - screens[other]).mean() < 5
    }

    assert alike == {(4, 3)}


@pytest.mark.parametrize("size", [drawing.still("boot").shape, drawing.home(1).shape, drawing.loading(1).shape])
def test_screens_are_720p(size: tuple[int, ...]) -> None:
    assert size == (720, 1280, 3)
