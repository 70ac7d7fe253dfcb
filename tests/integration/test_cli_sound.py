"""`virtualpytest sound`: clips that were kept, listened to again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from command import run
from films import Film
from numpy.typing import NDArray
from virtualpytest_host.sound import offline

from pytest_virtualpytest.cli import main
from pytest_virtualpytest.exceptions import VirtualPytestError

RATE = 48_000


def tone(hz: float, seconds: float, loud: float = 0.25) -> NDArray[np.float32]:
    """Return a tone; 0 Hz is silence."""
    return (loud * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def written(path: Path, left: NDArray[np.float32], right: NDArray[np.float32], codec: str = "pcm_s16le") -> Path:
    """Write a stereo clip."""
    both = np.stack([left, right])
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream(codec, rate=RATE, layout="stereo")
        for begin in range(0, both.shape[1], 1024):
            piece = np.ascontiguousarray(both[:, begin : begin + 1024])
            frame: Any = av.AudioFrame.from_ndarray(piece, "fltp", "stereo")
            frame.sample_rate, frame.pts = RATE, begin
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Give two seconds of 440 Hz with a hole of 50 ms, one of silence, one of 660 Hz; the right is silent."""
    parts = [tone(440, 1.0), tone(0, 0.05), tone(440, 1.0), tone(0, 1.0), tone(660, 1.0)]
    left = np.concatenate(parts)
    return written(tmp_path / "clip.wav", left, np.zeros_like(left))


def heard(clip: Path, *, tone: float | None = None, silent: float = 0.5) -> Any:
    """Return what is heard in *clip*, in this process."""
    return offline.listen(clip.read_bytes(), below=-60, silent=silent, dropout=0.02, tone=tone).value


def test_silences_and_dropouts_are_told_with_their_times(clip: Path) -> None:
    found = heard(clip)

    (silence,), (dropout,) = found["silences"], found["dropouts"]
    assert (silence["from"], silence["to"]) == pytest.approx((2.05, 3.05), abs=0.003)
    assert (dropout["from"], dropout["to"]) == pytest.approx((1.0, 1.05), abs=0.003)


def test_levels_are_those_of_each_channel(clip: Path) -> None:
    level = heard(clip)["level"]

    left, right = level["channels"]
    assert left == pytest.approx(-15.05 + 10 * np.log10(3 / 4.05), abs=0.1)
    assert right == -120
    assert level["true_peak"] == pytest.approx(-12.04, abs=0.3)


def test_tone_is_told_where_it_is(clip: Path) -> None:
    began = heard(clip, tone=660)["tone"]

    assert abs(began["from"] - 3.05) <= began["error"]
    assert heard(clip, tone=880)["tone"] is None


def test_silence_to_the_end_is_no_dropout(tmp_path: Path) -> None:
    left = np.concatenate([tone(440, 1.0), tone(0, 0.3)])

    found = heard(written(tmp_path / "end.wav", left, left), silent=0.2)

    assert found["dropouts"] == []
    assert len(found["silences"]) == 1


def test_compressed_sound_is_judged_too(tmp_path: Path) -> None:
    left = np.concatenate([tone(440, 1.0), tone(0, 0.5), tone(440, 1.0)])

    (silence,) = heard(written(tmp_path / "clip.mp4", left, left, "aac"), silent=0.3)["silences"]

    assert (silence["from"], silence["to"]) == pytest.approx((1.0, 1.5), abs=0.05)


def test_command_in_words_and_json(clip: Path) -> None:
    words = run("sound", str(clip), "--tone", "880")
    told = run("sound", str(clip), "--json", "--tone", "660")

    assert words.code == 1  # the tone is never heard
    head, silence, dropout, pitch = words.out.splitlines()
    assert head.startswith(f"{clip}: 4.05 s, -")
    assert silence.startswith("silence from 2.0")
    assert dropout.startswith("dropout from 1.00")
    assert pitch == "880 Hz never"
    assert told.code == 0
    assert set(json.loads(told.out)) == {"level", "silences", "dropouts", "tone"}


def test_clip_of_silence(tmp_path: Path) -> None:
    done = run("sound", str(written(tmp_path / "mute.wav", tone(0, 1.0), tone(0, 1.0))))

    assert done.code == 1
    assert "silence from 0.000 s to 1.000 s" in done.out


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "the clip cannot be read: "), (b"no clip", "the clip cannot be read: ")]
)
def test_clip_that_is_none_is_told(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)

    with pytest.raises(VirtualPytestError, match=message):
        heard(path)


def test_clip_without_sound_is_told(tmp_path: Path) -> None:
    with pytest.raises(VirtualPytestError, match="the clip has no sound"):
        heard(Film(frames=20).write(tmp_path / "mute.mp4"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--below", "3"], "'3' is no level below 0 dBFS and above -120"),
        (["--silence", "-1"], "'-1' is no number of seconds above 0"),
        (["--dropout", "much"], "'much' is no number of seconds above 0"),
    ],
)
def test_number_that_makes_no_sense(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["sound", "clip.mp4", *words])

    assert message in capsys.readouterr().err


def test_tone_that_cannot_be_heard(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sound", str(clip), "--tone", "5"]) == 2
    assert "5 Hz cannot be heard" in capsys.readouterr().err
