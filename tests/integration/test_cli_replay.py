"""`virtualpytest read` and `replay`: pictures and clips that were kept, judged again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from command import run
from numpy.typing import NDArray
from virtualpytest_host.virtual import drawing, scenes
from virtualpytest_host.vision import offline

from pytest_virtualpytest.cli import main, replay
from pytest_virtualpytest.cli.command import _parser
from pytest_virtualpytest.targets import to_wire

Pixels, Samples = NDArray[np.uint8], NDArray[np.float32]
BLACK = np.zeros((720, 1280, 3), np.uint8)


def written(path: Path, pictures: Iterable[Pixels], sound: Samples | None = None) -> Path:
    """Write *pictures* as a clip of 25 frames a second, whose clock does not begin at nought, and *sound* with them."""
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream("libx264", rate=25, options={"preset": "ultrafast", "tune": "zerolatency"})
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 1280, 720, "yuv420p", 4_000_000
        audio: Any = None if sound is None else output.add_stream("aac", rate=48_000, layout="mono")
        for number, pixels in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(pixels, format="bgr24")
            frame.pts, frame.time_base = number + 100, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if sound is not None:
            heard = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
            heard.sample_rate, heard.pts, heard.time_base = 48_000, 4 * 48_000, Fraction(1, 48_000)
            output.mux([*audio.encode(heard), *audio.encode(None)])
    return path


def tone(hz: int, seconds: float) -> Samples:
    return (0.25 * np.sin(2 * np.pi * hz * np.arange(round(seconds * 48_000)) / 48_000)).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a clip, its references and a frame: live, black, live, the menu, live."""
    place = tmp_path_factory.mktemp("kept")
    live = [scenes.live(3, number) for number in range(20)]
    menu = drawing.settings(2)
    written(place / "clip.mp4", [*live[:5], *[BLACK] * 5, *live[5:10], *[menu] * 10, *live[10:15]])
    sound = np.concatenate([tone(440, 0.4), np.zeros(19_200, np.float32), tone(660, 0.8)])
    written(place / "loud.mp4", [*live[:5], *[BLACK] * 15, *[menu] * 20], sound)
    cv2.imwrite(str(place / "menu.png"), menu)
    cv2.imwrite(str(place / "header.png"), menu[40:110, 50:310])
    cv2.imwrite(str(place / "guide.png"), drawing.guide(0, 0)[40:110, 50:310])
    return place


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in that folder."""
    monkeypatch.chdir(folder)
    return folder


def spans(*words: str, clip: str = "clip.mp4") -> list[tuple[int, int]]:
    """Return from which frame to which it is true, judged in this process."""
    wanted, contents = replay._target(_parser().parse_args(["replay", clip, *words]))
    told = offline.replay(Path(clip).read_bytes(), *contents, target=to_wire(wanted)).value
    return [(span["frame"], span["last"]) for span in told["spans"]]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--for", "header.png"], [(15, 24)]),
        (["--for", "guide.png"], []),
        (["--for", "header.png", "--region", "600,0,600,700"], []),
        (["--text", "Parental control"], [(15, 24)]),
        (["--pattern", r"^signal: \w+"], [(15, 24)]),
        (["--black"], [(5, 9)]),
        (["--black", "--not"], [(0, 4), (10, 29)]),
        (["--black", "--gone"], [(10, 29)]),
        (["--for", "header.png", "--appears"], [(15, 24)]),
        (["--for", "header.png", "--for-seconds", "0.2"], [(20, 24)]),
        (["--frozen", "0.2"], [(20, 24)]),
        (["--color", "black", "--region", "0,0,400,400"], [(5, 9)]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) and value and isinstance(value[0], str) else "",
)
def test_replay_tells_when_it_was_true(here: Path, words: Sequence[str], expected: list[tuple[int, int]]) -> None:
    assert spans(*words) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--sound", "0.1"], [(3, 11), (23, 39)]),
        (["--tone", "660"], [(26, 39)]),
        (["--silence", "0.2"], [(15, 20)]),
        (["--target", "All(Black(), Silence(0.2))"], [(15, 19)]),
        (["--target", "All('header.png', Tone(660, seconds=0.3))"], [(29, 39)]),
        (["--target", "Then(Appears(Black()), Silence(0.2), Image('header.png', threshold=0.9))"], [(20, 39)]),
    ],
    ids=str,
)
def test_replay_hears(here: Path, words: Sequence[str], expected: list[tuple[int, int]]) -> None:
    found = spans(*words, clip="loud.mp4")

    assert len(found) == len(expected)
    for span, wanted in zip(found, expected, strict=True):
        assert span == pytest.approx(wanted, abs=2), "AAC smears a hundredth of a second, and a dip is one later"


def test_replay_in_words(here: Path) -> None:
    done = run("replay", "clip.mp4", "--for", "header.png", "--annotate", "seen.png")

    assert done.code == 0
    assert done.out.startswith("clip.mp4: header.png: 0.600 s to 0.960 s, frames 15 to 24, at 50,40 260x70, score ")
    assert (here / "seen.png").read_bytes().startswith(b"\x89PNG")


def test_replay_tells_json(here: Path) -> None:
    done = run("replay", "clip.mp4", "--black", "--json")

    told = json.loads(done.out)
    assert (done.code, told["frames"], told["nearest"]) == (0, 30, None)
    (span,) = told["spans"]
    assert (span["frame"], span["last"], span["from"], span["to"]) == (5, 9, 0.2, 0.36)
    assert span["sighting"]["found"] is True


def test_replay_of_what_never_was_says_how_near_it_came(here: Path) -> None:
    done = run("replay", "clip.mp4", "--text", "Parental contrast")

    assert done.code == 1
    assert done.out.startswith(
        "clip.mp4: text 'Parental contrast': in none of 30 frames (1.16 s); nearest at 0.600 s, at "
    )
    assert done.out.endswith("nearest is 'Parental control', 3 letters off\n")


def test_replay_reads_what_is_said_beside_the_picture(here: Path) -> None:
    cv2.imwrite("aside.png", cv2.imread("header.png"))
    Path("aside.toml").write_text("region = [600, 0, 600, 700]")

    assert spans("--for", "aside.png") == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.mp4", "--black"], "none.mp4 cannot be read: No such file or directory"),
        (["clip.mp4", "--for", "none.png"], "none.png: none.png cannot be read: No such file or directory"),
        (["header.toml", "--black"], "the clip cannot be read: Invalid data found when processing input"),
        (["clip.mp4", "--text", "Настройки"], "text 'Настройки': language 'eng' has no н а с т р о й к, so it is"),
        (["clip.mp4", "--frozen", "0"], "frozen for 0 s: 0.0 is no number of seconds above 0"),
        (["clip.mp4", "--pattern", "("], "text /(/: no regular expression: missing ), unterminated subpattern"),
        (["clip.mp4", "--color", "gren"], "color: no colour 'gren'; did you mean 'green'?"),
        (["clip.mp4", "--sound", "1"], "the clip has no sound"),
        (["clip.mp4", "--target", "Blck()"], "no target 'Blck'; did you mean Black?"),
        (["clip.mp4", "--target", "All(Black()"], "'All(Black()' is no target: '(' was never closed; write All("),
        (["clip.mp4", "--target", "Black(threshold=x)"], "'x' is neither a target nor a value"),
        (["clip.mp4", "--target", "sys.exit('x')"], "no target 'sys.exit'; known: All, "),
        (["clip.mp4", "--target", "Black(level=3)"], "Black(level=3): Black.__init__() got an unexpected keyword argu"),
        (["clip.mp4", "--target", "Not('headr.png')"], "headr.png: no such picture; looked in "),
    ],
)
def test_replay_that_cannot_be_done_is_one_line(
    here: Path, words: Sequence[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("header.toml").write_text("threshold = 0.75")

    code = main(["replay", *words])

    told = capsys.readouterr().err
    assert code == 2
    assert told.startswith(message)
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("words", [[], ["--black", "--motion"], ["--black", "--not", "--gone"]])
def test_replay_wants_one_thing_to_look_for(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["replay", "clip.mp4", *words])

    assert ended.value.code == 2


def test_replay_says_the_scale(here: Path) -> None:
    small = cv2.resize(drawing.settings(2), None, fx=0.9, fy=0.9, interpolation=cv2.INTER_AREA)
    screen = np.pad(small, ((0, 72), (0, 128), (0, 0)))
    written(here / "small.mp4", [screen] * 5)

    done = run("replay", "small.mp4", "--target", "Image('header.png', scales=(0.9, 1))")

    assert done.code == 0
    assert ", at 45,36 234x63, scale 0.9, score " in done.out


def test_motion_tells_when_it_moves_stands_still_and_is_black(here: Path) -> None:
    done = run("motion", "clip.mp4", "--still", "0.3", "--json")

    told = json.loads(done.out)
    assert (done.code, told["frames"], told["seconds"]) == (0, 30, 1.16)
    assert told["black"] == [{"from": 0.2, "to": 0.36}]
    assert [(span["from"], span["to"]) for span in told["still"]] == [(0.6, 0.96)]
    assert [(span["from"], span["to"]) for span in told["moving"]] == [
        (pytest.approx(0.04, abs=0.05), 0.6), (1.0, pytest.approx(1.16, abs=0.05)),
    ]  # fmt: skip
    assert told["most"] > 100


def test_motion_in_words_and_within_a_region(here: Path) -> None:
    done = run("motion", "clip.mp4", "--region", "0,0,1280,720")

    assert done.code == 0
    assert done.out.startswith("clip.mp4: 30 frames, 1.16 s, largest change ")
    assert "\nblack from 0.200 s to 0.360 s\n" in done.out
    assert run("motion", str(written(here / "still.mp4", [drawing.settings(2)] * 5))).code == 1
    assert "motion: threshold 300 is not within 1..254" in run("motion", "clip.mp4", "--threshold", "300").err


def test_read_prints_what_is_written(here: Path) -> None:
    done = run("read", "menu.png")

    assert done.code == 0
    assert {"Settings", "Wi-Fi", "Parental control", "Signal: strong"} <= set(done.out.splitlines())


def test_read_tells_place_and_confidence_as_json(here: Path) -> None:
    done = run("read", "menu.png", "--region", "660,250,560,40", "--json")

    (line,) = json.loads(done.out)
    assert line["text"] == "Connected: Home network"
    assert line["region"] == pytest.approx([702, 268, 330, 20], abs=6)
    assert 0.8 < line["confidence"] <= 1


def test_read_of_a_table(here: Path) -> None:
    done = run("read", "menu.png", "--table", "--region", "660,250,560,100")

    assert done.out == "Connected: Home network\nSignal: strong\n"


def test_read_of_nothing_is_exit_code_1(here: Path) -> None:
    done = run("read", "menu.png", "--region", "660,400,560,200")

    assert (done.code, done.out) == (1, "")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["none.png"], 2, "none.png cannot be read"),
        (["menu.png", "--colour", "bleu"], 2, "text '-': no colour 'bleu'; did you mean 'blue'?"),
        (["menu.png", "--lang", "tlh"], 10, "no language data 'tlh' to read text with"),
        (["clip.mp4"], 2, "the frame cannot be read as a picture"),
    ],
)
def test_read_that_cannot_be_done_is_one_line(
    here: Path, words: Sequence[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = main(["read", *words])

    told = capsys.readouterr().err
    assert ended == code
    assert message in told
    assert len(told.splitlines()) == 1
