"""Finding a text among words that were read: letters, not pictures."""

from __future__ import annotations

import pytest
from virtualpytest_host.vision.ocr import Word
from virtualpytest_host.vision.phrases import Page, normal

from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets import Text


def page(rules: Text, *lines: str) -> Page:
    """Return what is found in *lines*; each word is 10 pixels wide and stands in a column of its own."""
    return Page(
        [
            [Word(word, Region(20 * at, 30 * row, 10, 20), 0.9, row) for at, word in enumerate(line.split())]
            for row, line in enumerate(lines)
        ],
        rules,
    )


def found(rules: Text, *lines: str) -> list[str]:
    return [" ".join(word.text for word in hit.words) for hit in page(rules, *lines).find()]


@pytest.mark.parametrize(
    ("rules", "line", "expected"),
    [
        (Text("Settings"), "TV Settings", ["Settings"]),
        (Text("settings"), "TV SETTINGS", ["SETTINGS"]),
        (Text("settings", case=True), "TV SETTINGS", []),
        (Text("Wi-Fi"), "Wi–Fi on", ["Wi–Fi"]),
        (Text("don't"), "don’t", ["don’t"]),
        (Text("Parental  control"), "Parental control: on", ["Parental control:"]),
        (Text("On"), "Only Connected", []),
        (Text("On"), "Only On Connected", ["On"]),
        (Text("50%"), "at 50% of", ["50%"]),
        (Text("20:1"), "20:15", []),
        (Text("film"), "ﬁlm", ["ﬁlm"]),
        (Text("STRASSE"), "Straße", ["Straße"]),
        (Text("№ 5"), "No 5", ["No 5"]),
        (Text("Ａ1"), "A1", ["A1"]),
    ],
    ids=str,
)
def test_text_is_compared_as_a_reader_would(rules: Text, line: str, expected: list[str]) -> None:
    assert found(rules, line) == expected


@pytest.mark.parametrize("wanted", ["Настройки", "设置", "設定", "الإعدادات", "!!!", "…", "?"])
def test_text_without_latin_letters_is_not_found_where_it_is_not(wanted: str) -> None:
    """No. 1: a text of Cyrillic or Chinese letters, or of punctuation only, was found on every screen."""
    assert found(Text(wanted), "Settings", "Wi-Fi Sound 20:15") == []


def test_text_of_any_alphabet_is_found_where_it_is() -> None:
    assert found(Text("настройки"), "Настройки сети") == ["Настройки"]
    assert found(Text("настройка"), "Настройки сети") == []
    assert found(Text("设置"), "系统 设置") == ["设置"]
    assert found(Text("!!!"), "Goal !!!") == ["!!!"]


def test_words_of_a_script_without_blanks_are_found_however_they_were_parted() -> None:
    assert found(Text("系统设置"), "系 统 设 置") == ["系 统 设 置"]
    assert found(Text("统设"), "系统 设置") == ["系统 设置"]


def test_accents_tell_texts_apart_unless_asked_otherwise() -> None:
    """No. 1: accents made equal texts differ, or different ones equal."""
    assert found(Text("café"), "cafe") == []
    assert found(Text("cafe\u0301"), "café") == ["café"]
    assert found(Text("café", accents=False), "cafe") == ["cafe"]
    assert found(Text("uber", accents=False), "Über") == ["Über"]
    assert found(Text(pattern="^café", accents=False), "cafe noir") == ["cafe"]


def test_distance_allows_letters_to_be_read_wrong() -> None:
    assert found(Text("Settings", distance=1), "Setings") == ["Setings"]
    assert found(Text("Settings", distance=1), "Sett1ngs") == ["Sett1ngs"]
    assert found(Text("Settings", distance=1), "Sett1ng5") == []
    assert found(Text("Settings", distance=2), "Sett1ng5") == ["Sett1ng5"]
    assert found(Text("Settings", distance=3), "Seating") == ["Seating"]


def test_distance_takes_the_nearest_first_and_none_twice() -> None:
    hits = page(Text("room 1", distance=1), "room 2 room 1 room 7").find()

    assert [hit.apart for hit in hits] == [0]
    assert found(Text("room 4", distance=1), "room 2 room 1") == ["room 2", "room 1"]


def test_look_alikes_are_equal_where_asked() -> None:
    assert found(Text("BBC iPlayer"), "BBC iPIayer") == []
    assert found(Text("BBC iPlayer", fold=True), "BBC iPIayer") == ["BBC iPIayer"]
    assert found(Text("100", fold=True), "IOO") == ["IOO"]
    assert found(Text("IP", fold=True), "ip") == ["ip"]
    assert found(Text("l0", fold=True, case=True), "IO") == ["IO"]


def test_pattern_is_searched_line_by_line() -> None:
    assert found(Text(pattern=r"\d\d:\d\d"), "now 20:15", "then 21:00") == ["20:15", "21:00"]
    assert found(Text(pattern=r"^version \d+\.\d+$"), "Version 1.0", "my version 1.0") == ["Version 1.0"]
    assert found(Text(pattern="version", case=True), "Version") == []


def test_text_goes_over_lines_only_where_it_says_so() -> None:
    assert found(Text("Sound Language"), "Sound", "Language") == []
    assert found(Text("Sound\nLanguage"), "Sound", "Language") == ["Sound Language"]


def test_every_place_is_found() -> None:
    hits = page(Text("Off"), "Off On Off", "Off").find()

    assert [hit.words[0].region[:2] for hit in hits] == [(0, 0), (40, 0), (0, 30)]


def test_nearest_says_how_many_letters_are_off() -> None:
    hit = page(Text("Settings"), "Picture", "Setting Sound").nearest()

    assert hit is not None
    assert [word.text for word in hit.words] == ["Setting"]
    assert hit.apart == 1


def test_nearest_of_nothing_is_nothing() -> None:
    assert page(Text("Settings")).nearest() is None
    assert page(Text(pattern="Sett"), "Sound").nearest() is None


def test_normal_form_keeps_lines_and_drops_other_blanks() -> None:
    assert normal("  A \t b \n c ", Text("x")) == "a b\nc"
