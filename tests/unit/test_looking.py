"""Where reference pictures are looked up, and what the files beside them say."""

from __future__ import annotations

import hashlib
import os
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest
from bench import Host

from pytest_virtualpytest.config import DeviceConfig
from pytest_virtualpytest.exceptions import ReferenceNotFound
from pytest_virtualpytest.gateway import Gateway
from pytest_virtualpytest.link import Link
from pytest_virtualpytest.looking import Looking
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.report import Silent
from pytest_virtualpytest.screen import Screen
from pytest_virtualpytest.targets import All, Image, Not, Target, Then

PAGE = """
def banner(looking):
    return looking.resolved("banner.png")
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Give a folder with tests in it, the pictures of which are their own names."""
    for name in ("suite/zap/test_zap.py", "suite/zap/banner.png", "suite/home.png", "suite/zap/pages/guide.png"):
        put(tmp_path / name)
    return tmp_path / "suite"


def put(path: Path, content: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content or path.name)
    return path


def looking(root: Path | None, *variant: str) -> Looking:
    """Return the look-up of a device that nobody is connected to."""
    link = Link(Gateway(Host()), "stb1", "rack1", ["screen"], Silent())
    return Looking(link, DeviceConfig("stb1", variant=variant), root)


def found(suite: Path, target: Target | str, *variant: str) -> Target:
    return looking(suite, *variant).resolved(target, beside=suite / "zap" / "test_zap.py")


def image(suite: Path, target: Image | str, *variant: str) -> Image:
    got = found(suite, target, *variant)
    assert isinstance(got, Image)
    return got


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def complaint(suite: Path, target: Target | str = "banner.png") -> str:
    with pytest.raises(ReferenceNotFound) as caught:
        found(suite, target)
    return str(caught.value)


def test_picture_beside_the_file_that_names_it(suite: Path) -> None:
    assert image(suite, "banner.png").sha == sha("banner.png")


def test_picture_in_a_folder_above(suite: Path) -> None:
    assert image(suite, "home.png").sha == sha("home.png")


def test_nearest_folder_wins(suite: Path) -> None:
    put(suite / "banner.png", "the one above")
    put(suite / "zap" / "home.png", "the one beside")

    assert image(suite, "banner.png").sha == sha("banner.png")
    assert image(suite, "home.png").sha == sha("the one beside")


def test_picture_in_a_folder_below_is_named_with_it(suite: Path) -> None:
    assert image(suite, "pages/guide.png").sha == sha("guide.png")


def test_picture_named_by_its_whole_path(suite: Path, tmp_path: Path) -> None:
    elsewhere = put(tmp_path / "elsewhere" / "logo.png")

    assert image(suite, str(elsewhere)).sha == sha("logo.png")


def test_picture_above_the_root_is_not_looked_at(suite: Path, tmp_path: Path) -> None:
    put(tmp_path / "logo.png")

    assert complaint(suite, "logo.png") == (
        f"logo.png: no such picture; looked in {suite / 'zap'} and the folders above, up to {suite}"
    )


def test_without_a_root_only_the_folder_of_the_file_is_looked_at(suite: Path) -> None:
    with pytest.raises(ReferenceNotFound) as caught:
        looking(None).resolved("home.png", beside=suite / "zap" / "test_zap.py")

    assert str(caught.value) == f"home.png: no such picture; looked in {suite / 'zap'}"


def test_file_outside_of_the_root_has_its_own_folder_alone(suite: Path, tmp_path: Path) -> None:
    page = put(tmp_path / "pages" / "zap.py")

    with pytest.raises(ReferenceNotFound, match=rf"looked in {page.parent}$"):
        looking(suite).resolved("home.png", beside=page)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("baner.png", "banner.png"),
        ("banner", "banner.png"),
        ("hom.png", "home.png"),
        ("pages/gude.png", "pages/guide.png"),
    ],
)
def test_misspelt_picture_names_the_nearest(suite: Path, name: str, near: str) -> None:
    looked = f"{suite / 'zap'} and the folders above, up to {suite}"

    assert complaint(suite, name) == f"{name}: no such picture; looked in {looked}; did you mean {near!r}?"


@pytest.mark.parametrize(
    "wrap", [Not, lambda name: Then("home.png", Not(name)), lambda name: All(Not(name), "home.png")]
)
def test_misspelt_reference_under_not_is_an_error(suite: Path, wrap: Callable[[str], Target]) -> None:
    """No. 2: a wait for an image to disappear passed when its file was missing or misspelt."""
    assert complaint(suite, wrap("baner.png")).endswith("did you mean 'banner.png'?")


@pytest.mark.parametrize("name", ["", ".", "/"])
def test_name_of_nothing_is_an_error(suite: Path, name: str) -> None:
    assert complaint(suite, name) == f"{name!r} is no name of a picture; named in {suite / 'zap' / 'test_zap.py'}"


def test_folder_is_no_picture(suite: Path) -> None:
    assert complaint(suite, "pages").startswith("pages: no such picture")


def test_most_specific_variant_wins(suite: Path) -> None:
    names = ["banner.horizon.fr.png", "banner.horizon.png", "banner.fr.png", "banner.png"]
    for name in names:
        put(suite / "zap" / name)

    for name in names:
        assert image(suite, "banner.png", "horizon", "fr").sha == sha(name)
        (suite / "zap" / name).unlink()


def test_variant_of_another_device_is_not_taken(suite: Path) -> None:
    put(suite / "zap" / "banner.de.png")

    assert image(suite, "banner.png", "fr").sha == sha("banner.png")
    assert image(suite, "banner.png").sha == sha("banner.png")


def test_plain_picture_beside_wins_over_a_variant_above(suite: Path) -> None:
    put(suite / "banner.fr.png")

    assert image(suite, "banner.png", "fr").sha == sha("banner.png")


def test_file_beside_the_picture_says_how_to_look(suite: Path) -> None:
    put(
        suite / "zap" / "banner.toml",
        'region = [1, 2, 30, 40]\nthreshold = 0.9\nresolution = [1920, 1080]\nmask = "m.png"',
    )
    put(suite / "zap" / "m.png")

    assert image(suite, "banner.png") == Image(
        "banner.png", Region(1, 2, 30, 40), 0.9, sha("banner.png"), sha("m.png"), (1920, 1080)
    )


def test_what_the_test_says_comes_first(suite: Path) -> None:
    put(suite / "zap" / "banner.toml", "region = [1, 2, 30, 40]\nthreshold = 0.9")

    assert image(suite, Image("banner.png", threshold=0.6)).threshold == 0.6
    assert image(suite, Image("banner.png", Region(5, 5, 9, 9))).region == (5, 5, 9, 9)
    narrowed = looking(suite).resolved("banner.png", (0, 0, 7, 7), suite / "zap" / "test_zap.py")
    assert isinstance(narrowed, Image)
    assert narrowed.region == (0, 0, 7, 7)


def test_scales_may_be_said_beside_the_picture(suite: Path) -> None:
    put(suite / "zap" / "banner.toml", "scales = [0.9, 1]")

    assert image(suite, "banner.png").scales == (1.0, 0.9)
    assert image(suite, Image("banner.png", scales=[1.1])).scales == (1.1,)


def test_variant_has_the_common_file_unless_it_has_its_own(suite: Path) -> None:
    put(suite / "zap" / "banner.fr.png")
    put(suite / "zap" / "banner.toml", "threshold = 0.9")
    assert image(suite, "banner.png", "fr").threshold == 0.9

    put(suite / "zap" / "banner.fr.toml", "threshold = 0.5")

    assert image(suite, "banner.png", "fr").threshold == 0.5
    assert image(suite, "banner.png").threshold == 0.9


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("treshold = 0.9", "unknown key 'treshold'; did you mean 'threshold'?"),
        ("colour = 3", "unknown key 'colour'; known: region, resolution, threshold, mask, scales"),
        ("scales = [0.9, 20]", "scales must be numbers from 0.1 to 10, as in [0.9, 1.0], not [0.9, 20]"),
        ("region = [1, 2, 3]", "region must be 4 whole numbers, not [1, 2, 3]"),
        ("region = [1, 2, 3.5, 4]", "region must be 4 whole numbers, not [1, 2, 3.5, 4]"),
        ("region = [1, 2, 0, 4]", "region must have a width and a height above 0, not [1, 2, 0, 4]"),
        ("resolution = [0, 720]", "resolution must have a width and a height above 0, not [0, 720]"),
        ('resolution = "720p"', "resolution must be 2 whole numbers, not '720p'"),
        ("threshold = 75", "threshold must be a number above 0 and at most 1, not 75"),
        ("threshold = true", "threshold must be a number above 0 and at most 1, not True"),
        ("mask = true", "mask must be the name of a picture, not True"),
        ("region = ", "Invalid value (at end of document)"),
    ],
)
def test_mistake_in_the_file_beside_is_an_error(suite: Path, text: str, problem: str) -> None:
    aside = put(suite / "zap" / "banner.toml", text)

    assert complaint(suite) == f"{aside}: {problem}"


def test_missing_mask_is_an_error(suite: Path) -> None:
    put(suite / "zap" / "banner.toml", 'mask = "mask.png"')

    assert complaint(suite) == f"mask.png: {suite / 'zap' / 'mask.png'} cannot be read: No such file or directory"


def test_picture_that_changes_on_disk_is_read_again(suite: Path) -> None:
    before = image(suite, "banner.png").sha

    put(suite / "zap" / "banner.png", "another one")

    assert before == sha("banner.png")
    assert image(suite, "banner.png").sha == sha("another one")


def test_picture_that_is_replaced_by_one_as_large_and_as_old_is_read_again(suite: Path) -> None:
    banner = suite / "zap" / "banner.png"
    status = banner.stat()
    image(suite, "banner.png")

    fresh = put(suite / "zap" / "fresh", "bannEr.png")
    os.utime(fresh, ns=(status.st_atime_ns, status.st_mtime_ns))
    fresh.rename(banner)

    assert image(suite, "banner.png").sha == sha("bannEr.png")


def test_picture_is_looked_up_beside_the_test_that_asks() -> None:
    with pytest.raises(ReferenceNotFound, match=rf"^nowhere\.png: no such picture; looked in {Path(__file__).parent}"):
        looking(None).resolved("nowhere.png")


def test_picture_of_a_page_object_is_looked_up_beside_it(suite: Path, tmp_path: Path) -> None:
    page = put(tmp_path / "suite" / "pages" / "zap.py", PAGE)
    put(tmp_path / "suite" / "pages" / "banner.png", "the page's own")

    got = runpy.run_path(str(page))["banner"](looking(suite))

    assert got.sha == sha("the page's own")


def test_picture_of_a_with_block_is_looked_up_beside_the_test() -> None:
    lookup = looking(None)
    screen = Screen(lookup._link, lookup)

    with pytest.raises(ReferenceNotFound, match=rf"looked in {Path(__file__).parent}$"), screen.never("nowhere.png"):
        pass
