"""What a console says: lines with their times, whatever comes, and what is found in them."""

from __future__ import annotations

import re
import threading
import time

import pytest
from virtualpytest_host.transcript import Place, Transcript


def told(*pieces: bytes, size: int = 1 << 20) -> Transcript:
    """Return a transcript of *pieces*, which came at 1.0, 2.0, …"""
    transcript = Transcript(size)
    for number, piece in enumerate(pieces, 1):
        transcript.add(piece, float(number))
    return transcript


def found(transcript: Transcript, pattern: str, start: float | Place = 0.0) -> tuple[str, float] | None:
    """Return the line in which *pattern* is found at once, and when."""
    one = transcript.wait_for(re.compile(pattern), start, 0.0)
    return (one.text, one.at) if one else None


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ([b"a\r\nb\nc\rd"], ["a", "b", "c", "d"]),
        ([b"a\r", b"\nb"], ["a", "b"]),
        ([b"a\n\nb"], ["a", "", "b"]),
        ([b"no end"], ["no end"]),
        ([b""], []),
        ([b"caf\xc3", b"\xa9 \xe4\xbd\xa0 \xf0\x9f\x98\x80"], ["café 你 😀"]),
        ([b"\xff\xfe\x00\x07 noise \x80"], ["\\xff\\xfe\\x00\\x07 noise \\x80"]),
        ([b"[\x1b[0;32m  OK  \x1b[0m] up", b"\x1b]0;title\x07!"], ["[  OK  ] up!"]),
        ([b"a\x1b", b"[1", b"mb\x1b[", b"Kc"], ["abc"]),
        ([b"3 \b\b\b 2"], ["3 \\x08\\x08\\x08 2"]),
        ([b"tab\tstays"], ["tab\tstays"]),
    ],
)
def test_what_comes_is_lines_of_plain_text(pieces: list[bytes], lines: list[str]) -> None:
    assert [line.partition(" ")[2] for line in told(*pieces).since(0.0).splitlines()] == lines


def test_line_has_the_time_of_its_first_piece() -> None:
    transcript = told(b"Starting ker", b"nel\nUp", b"\n")

    assert transcript.since(0.0) == "1.000 Starting kernel\n2.000 Up"


def test_from_a_moment_on_is_only_what_came_then() -> None:
    transcript = told(b"login: ", b"root\n# ", b"ls\n")

    assert transcript.since(2.0) == "2.000 root\n2.000 # ls"
    assert transcript.since(3.0) == "3.000 ls"
    assert transcript.since(3.5) == ""


def test_pattern_is_found_with_the_time_of_its_last_character() -> None:
    transcript = told(b"Load", b"ing ... do", b"ne\n")

    assert found(transcript, "done") == ("Loading ... done", 3.0)
    assert found(transcript, "Load") == ("Loading ... done", 1.0)


def test_what_came_before_is_not_found() -> None:
    transcript = told(b"login: ", b"root\n", b"login: ")

    assert found(transcript, "login", 1.5) == ("login: ", 3.0)
    assert found(transcript, "root", 2.5) is None


def test_what_follows_a_find_is_found_even_if_it_came_in_one_piece() -> None:
    transcript = told(b"up up\nup\n")
    places = []

    place: float | Place = 0.0
    while (one := transcript.wait_for(re.compile("up"), place, 0.0)) is not None:
        place = one.end
        places.append(one.end)

    assert places == [(0, 2), (0, 5), (1, 2)]


def test_groups_are_caught_and_those_that_are_not_are_empty() -> None:
    one = told(b"version 4.7\n").wait_for(re.compile(r"version (\d+)\.(\d+)(-rc\d)?"), 0.0, 0.0)

    assert one is not None
    assert one.groups == ("4", "7", "")


def test_anchors_are_those_of_the_line() -> None:
    transcript = told(b"a# \n# ")

    assert found(transcript, r"^# $") == ("# ", 1.0)


def test_notes_are_shown_and_never_found() -> None:
    transcript = told(b"half")
    transcript.note("the port is gone", 2.0)
    transcript.add(b"half again\n", 3.0)

    assert transcript.since(0.0) == "1.000 half\n2.000 -- the port is gone\n3.000 half again"
    assert found(transcript, "gone") is None
    assert transcript.last() == "half again"


def test_endless_line_is_broken_and_nothing_of_it_lost() -> None:
    transcript = told(b"x" * 100_000 + b"end\n")

    lines = [line.partition(" ")[2] for line in transcript.since(0.0).splitlines()]
    assert "".join(lines) == "x" * 100_000 + "end"
    assert max(map(len, lines)) == 16384
    assert found(transcript, "xend") is not None


def test_oldest_lines_are_forgotten_and_places_stay_true() -> None:
    transcript = Transcript(10_000)
    for number in range(5000):
        transcript.add(f"line {number}\n".encode(), float(number))

    kept = transcript.since(0.0).splitlines()
    assert kept[-1] == "4999.000 line 4999"
    assert 600 < len(kept) < 1000
    assert found(transcript, "line 10$") is None
    assert transcript.wait_for(re.compile("line"), Place(0, 0), 0.0) is not None
    one = transcript.wait_for(re.compile("line 4990"), 0.0, 0.0)
    assert one is not None
    assert one.end == (4990, 9)


def test_waiting_ends_as_soon_as_it_comes() -> None:
    transcript = told(b"quiet\n")
    timer = threading.Timer(0.2, transcript.add, [b"loud\n", 5.0])
    began = time.monotonic()
    timer.start()

    one = transcript.wait_for(re.compile("loud"), 0.0, began + 60.0)

    timer.join()
    assert one is not None
    assert 0.15 < time.monotonic() - began < 30.0
