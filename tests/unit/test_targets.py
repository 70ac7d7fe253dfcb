"""What a test asks for, and how that travels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets import (
    All,
    AnyOf,
    Appears,
    Black,
    Blockiness,
    Color,
    Frozen,
    Gone,
    Image,
    Motion,
    Not,
    SignalLost,
    Spinner,
    Target,
    Text,
    Then,
    as_target,
    for_seconds,
    from_wire,
    images,
    in_region,
    memory,
    resolve,
    to_wire,
)  # fmt: skip

BANNER = Image("banner.png", Region(1, 2, 30, 40), 0.8, "ab" * 32, "cd" * 32, (1280, 720))
EVERY = [
    BANNER,
    Image("banner.png"),
    Image("banner.png", scales=(1.1, 0.9, 1)),
    Text("Settings"),
    Text("Über", Region(1, 2, 30, 40), "deu", case=True, accents=False, distance=2, fold=True, colour="#1e90ff"),
    Text(pattern=r"\d+ %", confidence=0.7),
    Motion(),
    Motion(Region(0, 0, 10, 10), 40),
    Motion(mask="clock.png", sha="ef" * 32),
    Frozen(),
    Frozen(2.5, Region(0, 0, 10, 10), 30, "clock.png", "ef" * 32),
    Color("red"),
    Color((30, 144, 255), Region(0, 0, 10, 10), 5, 0.5),
    for_seconds(BANNER, 2.5),
    Not(for_seconds(All(Motion(), "a.png"), 1)),
    Blockiness(0.3, Region(0, 0, 99, 99), 12),
    Spinner(2, Region(0, 0, 10, 10), 0.2, 9),
    All(SignalLost(), Not(Spinner())),
    Black(),
    Black(Region(5, 5, 10, 10), 30),
    All(BANNER, Motion()),
    AnyOf(BANNER, "home.png"),
    Not("home.png"),
    Appears(BANNER),
    Gone(BANNER),
    Then(Appears("a.png"), All(Gone("a.png"), Not(Black()))),
]


@pytest.mark.parametrize("target", EVERY, ids=str)
def test_target_survives_the_way(target: Target) -> None:
    assert from_wire(json.loads(json.dumps(to_wire(target)))) == target


def test_targets_of_two_kinds_differ() -> None:
    assert len({All("a.png"), AnyOf("a.png"), Not("a.png"), Appears("a.png"), Gone("a.png"), Then("a.png")}) == 6


def test_string_is_an_image() -> None:
    assert as_target("home.png") == Image("home.png")
    assert Not("home.png").targets == (Image("home.png"),)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Image("home.png"), "home.png"),
        (Text("Wi-Fi"), "text 'Wi-Fi'"),
        (Text(pattern=r"\d+"), r"text /\d+/"),
        (Motion(), "motion"),
        (Black(), "black"),
        (Frozen(0.5), "frozen for 0.5 s"),
        (Color("orange"), "color #ffa500"),
        (for_seconds("a.png", 2), "a.png for 2 s"),
        (Not(for_seconds(Black(), 2)), "no black for 2 s"),
        (All("a.png", Black()), "all of (a.png, black)"),
        (AnyOf("a.png", "b.png"), "any of (a.png, b.png)"),
        (Not("a.png"), "no a.png"),
        (Appears("a.png"), "appearing a.png"),
        (Gone("a.png"), "going a.png"),
        (Then("a.png", Not(Black())), "in turn (a.png, no black)"),
    ],
)
def test_target_in_words(target: Target, words: str) -> None:
    assert str(target) == words


@pytest.mark.parametrize("wanted", [Motion, Black, None, 7, Path("home.png")])
def test_what_is_no_target_is_an_error(wanted: Any) -> None:
    with pytest.raises(VirtualPytestError, match="is no target; did you mean"):
        as_target(wanted)
    with pytest.raises(VirtualPytestError, match="is no target"):
        Not(wanted)


def test_class_in_place_of_a_target_says_what_to_write() -> None:
    with pytest.raises(VirtualPytestError, match=r"is no target; did you mean Motion\(\.\.\.\)\?"):
        as_target(Motion)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [All, AnyOf, Then])
def test_composition_of_nothing_is_an_error(kind: Any) -> None:
    with pytest.raises(VirtualPytestError, match=rf"{kind.__name__}\(\) of no target"):
        kind()


@pytest.mark.parametrize("threshold", [0, -0.1, 1.01, 75, float("nan")])
def test_threshold_of_an_image_is_within_its_bounds(threshold: float) -> None:
    with pytest.raises(VirtualPytestError) as caught:
        Image("home.png", threshold=threshold)

    assert str(caught.value) == f"home.png: threshold {threshold} is not above 0 and at most 1"


@pytest.mark.parametrize("kind", [Motion, Black])
@pytest.mark.parametrize("threshold", [0, -5, 255, 1000])
def test_threshold_that_would_always_or_never_be_passed_is_an_error(kind: Any, threshold: int) -> None:
    with pytest.raises(VirtualPytestError) as caught:
        kind(threshold=threshold)

    assert str(caught.value) == f"{kind.kind}: threshold {threshold} is not within 1..254 gray levels"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "text '': give either a text or a pattern"),
        ({"text": "a", "pattern": "a"}, "text /a/: give either a text or a pattern"),
        ({"text": " \n\t"}, "text ' \\n\\t': a text of blanks is on every screen, and on none"),
        ({"text": "On", "distance": 2}, "text 'On': distance 2 of 2 letters; from 0 to 1 would tell texts apart"),
        ({"text": "On", "distance": -1}, "text 'On': distance -1 of 2 letters; from 0 to 1 would tell texts apart"),
        ({"text": "On", "lang": "../eng x"}, "text 'On': '../eng x' is no language; write lang='eng', or 'eng+deu'"),
        ({"text": "On", "confidence": 30}, "text 'On': confidence 30 is not within 0..1"),
        ({"text": "On", "colour": "whit"}, "text 'On': no colour 'whit'; did you mean 'white'?"),
        (
            {"text": "On", "colour": (1, 2)},
            "text 'On': (1, 2) is no colour; write 'white', '#1e90ff' or (30, 144, 255)",
        ),
        ({"pattern": "a*"}, "text /a*/: the pattern matches nothing at all too: it would always be true"),
        ({"pattern": "(a"}, "text /(a/: no regular expression: missing ), unterminated subpattern at position 0"),
        (
            {"pattern": "a", "fold": True},
            "text /a/: distance and fold go with a text; a pattern says itself what may differ",
        ),
    ],
)
def test_text_that_would_always_or_never_be_there_is_an_error(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(VirtualPytestError) as caught:
        Text(**fields)

    assert str(caught.value) == message


def test_colour_of_a_text_is_numbers_however_it_was_given() -> None:
    wanted = {Text("On", colour=colour).colour for colour in ("#ffffff", "white", "White", (255, 255, 255))}

    assert wanted == {(255, 255, 255)}


def test_language_goes_to_every_text_without_one() -> None:
    target = All(Text("An"), Not(Text("On", lang="eng")))

    assert resolve(target, lambda image: image, "deu") == All(Text("An", lang="deu"), Not(Text("On", lang="eng")))


def test_every_image_within_is_resolved() -> None:
    target = Then(Appears("a.png"), AnyOf("b.png", Black()))

    found = resolve(target, lambda image: Image(image.name.upper()))

    assert found == Then(Appears("A.PNG"), AnyOf("B.PNG", Black()))
    assert [image.name for image in images(found)] == ["A.PNG", "B.PNG"]


def test_region_goes_to_every_member() -> None:
    region = Region(10, 20, 30, 40)

    narrowed = in_region(Then("a.png", All(Motion(), Not(Black(Region(0, 0, 5, 5))))), region)

    assert narrowed == Then(Image("a.png", region), All(Motion(region), Not(Black(region))))


def test_region_may_be_four_numbers_or_none() -> None:
    assert in_region("a.png", (10, 20, 30, 40)) == Image("a.png", Region(10, 20, 30, 40))
    assert in_region(BANNER, None) is BANNER


def test_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(VirtualPytestError) as caught:
        from_wire({"kind": "smell"})

    assert str(caught.value) == (
        "unknown target 'smell'; known: image, text, motion, frozen, black, color, blockiness, spinner, signal_lost, "
        "all, any, not, appears, gone, then, for_seconds, silence, sound, tone, speech"
    )


def test_field_that_only_a_newer_client_knows_is_an_error() -> None:
    with pytest.raises(VirtualPytestError) as caught:
        from_wire({"kind": "black", "region": None, "softness": 3})

    assert str(caught.value) == "target 'black' has no softness here; install the same version on both sides"


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_no_time_at_all_is_an_error(seconds: float) -> None:
    for make in (Frozen, lambda seconds: for_seconds("a.png", seconds)):
        with pytest.raises(VirtualPytestError, match=f"{seconds} is no number of seconds above 0"):
            make(seconds)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"share": 0}, "color #ff0000: share 0 is not above 0 and at most 1"),
        ({"share": 50}, "color #ff0000: share 50 is not above 0 and at most 1"),
        ({"tolerance": 0}, "color #ff0000: tolerance 0 is not within 1..254 gray levels"),
    ],
)
def test_color_that_would_always_or_never_be_there_is_an_error(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(VirtualPytestError) as caught:
        Color("red", **fields)

    assert str(caught.value) == message


def test_mask_is_looked_up_and_sent_as_a_picture() -> None:
    target = resolve(Not(Frozen(mask="clock.png")), lambda image: Image(image.name, sha="ab" * 32))

    assert target == Not(Frozen(mask="clock.png", sha="ab" * 32))
    assert [image.sha for image in images(target)] == ["ab" * 32]


def test_time_of_a_composition_goes_with_it() -> None:
    region = Region(1, 2, 3, 4)

    assert in_region(for_seconds("a.png", 3), region) == for_seconds(Image("a.png", region), 3)
    assert for_seconds("a.png", 3) != for_seconds("a.png", 4)


@pytest.mark.parametrize(
    ("target", "seconds"),
    [
        (Image("a.png"), 0),
        (Frozen(2), 2),
        (All(Frozen(2), Frozen(3)), 3),
        (Then(Frozen(2), Not(Frozen(3))), 5),
        (for_seconds(Frozen(2), 4), 6),
    ],
    ids=str,
)
def test_time_that_a_target_must_be_watched_for(target: Target, seconds: float) -> None:
    assert memory(target) == seconds
