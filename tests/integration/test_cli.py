"""The command as a whole, and what needs no device: `match` and `dashboard`."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from importlib import metadata
from pathlib import Path

import pytest
from command import run, started

from pytest_virtualpytest.cli import main

COMMANDS = [
    ["init"], ["lab"], ["lab", "check"], ["lab", "list"], ["lab", "schema"], ["lab", "up"], ["lab", "down"],
    ["host"], ["host", "add"], ["host", "update"], ["host", "rollback"], ["host", "discover"], ["host", "health"],
    ["host", "hardware"], ["host", "calibrate"], ["host", "files"],
    ["devices"], ["shot"], ["press"], ["watch"], ["match"], ["read"], ["replay"], ["sound"], ["dashboard"],
]  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a frame, and two references: one that is in it at 60,40 and one that is not."""
    import cv2
    import numpy as np

    folder = tmp_path_factory.mktemp("pictures")
    frame = np.random.default_rng(7).integers(0, 255, (18, 32, 3), np.uint8)
    frame = cv2.resize(frame, (640, 360), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(folder / "frame.png"), frame)
    cv2.imwrite(str(folder / "there.png"), frame[40:100, 60:180])
    cv2.imwrite(str(folder / "absent.png"), frame[40:100, 60:180][::-1, ::-1])
    return folder


def test_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"virtualpytest {metadata.version('virtualpytest')}\n"


def test_help_names_every_command_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])

    told = capsys.readouterr().out
    assert {words[0] for words in COMMANDS} <= set(re.findall(r"^    (\w+)", told, re.MULTILINE))
    assert "4    the lab file is wrong" in told


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])

    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: virtualpytest {' '.join(words)} ")


@pytest.mark.parametrize("words", [[], ["lab"], ["dance"], ["shot", "stb1"], ["watch", "stb1", "--count", "x"]])
def test_command_that_cannot_be_understood_is_exit_code_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)

    assert ended.value.code == 2


def test_command_starts_without_heavy_imports() -> None:
    code = (
        "import sys; from pytest_virtualpytest.cli import main\n"
        "print(sorted({'pytest', 'pydantic', 'execnet', 'numpy', 'cv2', 'av', 'starlette'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)

    assert done.stdout == "[]\n"


def test_match_finds_a_reference(pictures: Path) -> None:
    done = run("match", pictures / "frame.png", pictures / "there.png")

    assert done.code == 0
    assert done.out.startswith(f"found: {pictures / 'there.png'}: at 60,40 120x60, score ")


def test_match_says_that_a_reference_is_not_there(pictures: Path) -> None:
    done = run("match", pictures / "frame.png", pictures / "absent.png")

    assert done.code == 1
    assert done.out.startswith(f"not found: {pictures / 'absent.png'}: ")


def test_match_looks_where_it_is_told(pictures: Path) -> None:
    inside = run("match", pictures / "frame.png", pictures / "there.png", "--region", "50,30,200,100")
    outside = run("match", pictures / "frame.png", pictures / "there.png", "--region", "300,100,200,100")

    assert (inside.code, outside.code) == (0, 1)


def test_match_wants_the_score_that_it_is_told(pictures: Path) -> None:
    done = run("match", pictures / "frame.png", pictures / "absent.png", "--threshold", "0.01", "--json")

    told = json.loads(done.out)
    assert (done.code, told["found"], told["threshold"]) == (0, True, 0.01)


def test_match_tells_json(pictures: Path) -> None:
    done = run("match", pictures / "frame.png", pictures / "there.png", "--json")

    told = json.loads(done.out)
    assert (told["found"], told["region"], told["why"]) == (True, [60, 40, 120, 60], "")
    assert told["score"] >= told["threshold"] > 0


def test_match_draws_what_it_saw(pictures: Path) -> None:
    done = run("match", pictures / "frame.png", pictures / "absent.png", "--annotate", "seen.png")

    assert done.code == 1
    assert Path("seen.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["frame.png", "gone.png"], "gone.png cannot be read: No such file or directory"),
        (["gone.png", "there.png"], "gone.png cannot be read: No such file or directory"),
        (["frame.png", "there.png", "--annotate", "no/x.png"], "no/x.png cannot be written: No such file or directory"),
    ],
)
def test_match_of_files_that_are_missing(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    monkeypatch.chdir(pictures)

    done = run("match", *words)

    assert (done.code, done.err) == (2, f"{message}\n")


def test_match_of_a_file_that_is_no_picture(pictures: Path) -> None:
    Path("text.png").write_text("no picture")

    done = run("match", pictures / "frame.png", "text.png")

    assert done.code == 2
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--region", "1,2,3", "'1,2,3' is no region; write X,Y,WIDTH,HEIGHT, such as 40,20,320,90"),
        ("--region", "1,2,0,4", "'1,2,0,4' is no region; write X,Y,WIDTH,HEIGHT, such as 40,20,320,90"),
        ("--region", "a,b,c,d", "'a,b,c,d' is no region; write X,Y,WIDTH,HEIGHT, such as 40,20,320,90"),
        ("--threshold", "2", "'2' is no score above 0 and at most 1"),
        ("--threshold", "0", "'0' is no score above 0 and at most 1"),
        ("--threshold", "x", "'x' is no score above 0 and at most 1"),
    ],
)
def test_match_with_an_option_that_cannot_be_understood(
    option: str, value: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["match", "frame.png", "ref.png", option, value])

    assert ended.value.code == 2
    assert f"argument {option}: {message}" in capsys.readouterr().err


def test_dashboard_serves_a_folder_until_it_is_interrupted() -> None:
    Path("results").mkdir()
    result = {"uuid": "1", "name": "test_zap", "status": "passed", "start": 1000, "stop": 2000}
    Path("results/1-result.json").write_text(json.dumps(result))
    with started("dashboard", "results", "--port", "0") as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()

        with urllib.request.urlopen(address, timeout=20) as page:
            status = page.status
        process.send_signal(signal.SIGINT)
        code = process.wait(20)

    assert address.startswith("http://127.0.0.1:")
    assert status == 200
    assert code == 130


def test_dashboard_without_its_extra_says_what_to_install() -> None:
    Path("results").mkdir()
    code = (
        "import sys; sys.modules['starlette'] = None\n"
        "from pytest_virtualpytest.cli import main; sys.exit(main(['dashboard', 'results']))"
    )

    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60)

    assert done.returncode == 2
    assert done.stderr == "the dashboard needs virtualpytest[dashboard]: pip install 'virtualpytest[dashboard]'\n"


def test_dashboard_of_a_folder_that_is_missing() -> None:
    done = run("dashboard", "gone")

    assert done.code in {2, 4}
    assert len(done.err.splitlines()) == 1
    assert "gone" in done.err
