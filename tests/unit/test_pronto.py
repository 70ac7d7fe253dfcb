"""Codes of remotes as people publish them, and what LIRC is given."""

from __future__ import annotations

from pathlib import Path

import pytest
from lircds import nec

from pytest_virtualpytest.cli import main
from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.infrared import lircconf, pronto

UNIT = 0x6D * 0.241246  # microseconds of a period
ONE = "0000 006D 0002 0000 0157 00AC 0015 0689"


def words(frame: list[int], gap: int = 40_000, repeated: tuple[int, ...] = ()) -> str:
    """Return *frame* in Pronto's words, with what is repeated."""
    lengths = [*frame, gap, *repeated]
    head = [0, 0x6D, (len(frame) + 1) // 2, len(repeated) // 2]
    return " ".join(f"{word:04X}" for word in [*head, *(round(length / UNIT) for length in lengths)])


def complaint(text: str) -> str:
    """Return what is said of *text*."""
    with pytest.raises(VirtualPytestError) as caught:
        pronto.read(text, "file")
    return caught.value.message


def test_pronto_is_pulses_and_spaces_of_a_carrier() -> None:
    [code] = pronto.read(f"# of a box\nOK: {words(nec(0x20DF22DD), repeated=(9000, 2250, 560, 96_000))}", "file")

    assert code.key == "OK"
    assert code.once == pytest.approx([*nec(0x20DF22DD), 40_000], abs=14)
    assert code.repeated == pytest.approx([9000, 2250, 560, 96_000], abs=14)
    assert code.carrier == pytest.approx(38_029, abs=1)


@pytest.mark.parametrize(
    "text",
    [f"OK: {ONE}", f"OK = {ONE}", f"OK\t{ONE}", f"OK;{ONE.lower()}", f"\n\n  OK , {ONE} \r\n",
     f"OK: {ONE.replace(' ', ',')}"],
)  # fmt: skip
def test_key_and_code_are_parted_by_what_people_write(text: str) -> None:
    assert pronto.read(text, "file") == pronto.read(f"OK: {ONE}", "file")


def test_code_alone_is_called_as_its_file() -> None:
    assert [code.key for code in pronto.read(ONE, "POWER")] == ["POWER"]


@pytest.mark.parametrize("code", ["9000 4500 560", "+9000 -4500 +560", "9000,4500,560"])
def test_microseconds_are_taken_as_they_are(code: str) -> None:
    assert pronto.read(f"OK: {code}", "file") == [pronto.Code("OK", [9000, 4500, 560])]


def test_mode2_is_the_first_frame_of_one_key() -> None:
    text = "space 16777215\npulse 9000\nspace 4500\npulse 560\nspace 41000\npulse 9000\nspace 2250\npulse 560\n"

    assert pronto.read(text, "OK") == [pronto.Code("OK", [9000, 4500, 560, 41_000])]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no code in it: a line is a key and its code, such as 'OK: 0000 006D 0022 0002 ...'"),
        ("# nothing", "no code in it: a line is a key and its code, such as 'OK: 0000 006D 0022 0002 ...'"),
        ("OK: 5000 0000 0000 0001", "line 1: OK: code of kind 5000; only those as learned, 0000, say their pulses"),
        ("\nOK: 0000 006D 0022 0000 0157 00AC",
         "line 2: OK: 34 + 0 pairs announced, 1 there; or a word is 0"),
        ("OK: 0000 0000 0001 0000 0157 00AC", "line 1: OK: 1 + 0 pairs announced, 1 there; or a word is 0"),
        ("OK: 9000 0 560", "line 1: OK: 3 lengths in microseconds; wanted 1 to 2000, none of them 0"),
        ("OK: 9000 -4500 -560", "line 1: OK: pulses are positive and spaces negative, by turns"),
        ("OK: 9000 big", "line 1: OK: invalid literal for int() with base 10: 'big'"),
        ("what is this", "line 1: 'what is this' is no key with its code"),
        (f"OK: {ONE}\nOK: {ONE}", "two codes for 'OK'; give one of them another name"),
        ("pulse 9000\npulse 4500\n", "pulses and spaces do not come by turns"),
    ],
)  # fmt: skip
def test_what_is_no_code_says_where(text: str, words: str) -> None:
    assert complaint(text) == words


def test_remote_of_several_carriers_is_none() -> None:
    codes = pronto.read(f"OK: {ONE}\nUP: {ONE.replace('006D', '0020')}", "file")

    with pytest.raises(VirtualPytestError, match="carriers from 38029 to 129536 Hz; a remote of LIRC's has one"):
        lircconf.written("tv", codes)


@pytest.mark.parametrize("name", ["", "a b", "a\nend remote", "#"])
def test_name_that_would_break_the_configuration_is_refused(name: str) -> None:
    with pytest.raises(VirtualPytestError, match="is no name of a remote"):
        lircconf.written(name, pronto.read(ONE, "OK"))


def test_command_prints_a_remote_of_several_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tv.txt").write_text(f"OK: {ONE}\n")
    (tmp_path / "MENU.mode2").write_text("pulse 9000\nspace 4500\npulse 600\n")

    code = main(["infrared", "import", str(tmp_path / "tv.txt"), str(tmp_path / "MENU.mode2"), "--carrier", "36000"])

    printed = capsys.readouterr().out.split()
    assert code == 0
    assert printed[:4] == ["begin", "remote", "name", "tv"]
    assert " ".join(printed[printed.index("frequency") :]) == (
        "frequency 36000 gap 43993 "
        "begin raw_codes name OK 9019 4523 552 name MENU 9000 4500 600 end raw_codes end remote"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"nothing here", "{file}: line 1: 'nothing here' is no key with its code"),
     (b"\xff\xfe\x00", "{file} cannot be read: it is no text"),
     (None, "{file} cannot be read: No such file or directory")],
)  # fmt: skip
def test_command_says_in_one_line_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, said: str
) -> None:
    file = tmp_path / "codes.txt"
    if content is not None:
        file.write_bytes(content)

    code = main(["infrared", "import", str(file)])

    assert code == 2
    assert capsys.readouterr().err == said.format(file=file) + "\n"


def test_code_that_is_repeated_as_less_is_bits(capsys: pytest.CaptureFixture[str]) -> None:
    again = (9000, 2250, 560, 96_190)
    frames = {"OK": nec(0x20DF22DD), "UP": nec(0x20DF0001)}
    text = "".join(f"{key}: {words(frame, 108_000 - sum(frame), again)}\n" for key, frame in frames.items())

    conf = lircconf.written("box", pronto.read(text, "box"))

    lines = [line.split() for line in conf.splitlines()]
    assert ["flags", "SPACE_ENC|CONST_LENGTH"] in lines
    assert ["bits", "32"] in lines
    assert [line for line in lines if line[-1].startswith("0x")] == [["OK", "0x20DF22DD"], ["UP", "0x20DF0001"]]


def test_code_that_is_not_made_of_bits_stays_pulses_and_spaces() -> None:
    odd = [9000, 4500, 560, 560, 560, 1100, 560, 1690, 560]
    text = f"OK: {words(odd, 40_000, (9000, 2250, 560, 96_000))}"

    conf = lircconf.written("box", pronto.read(text, "box"))

    assert "RAW_CODES" in conf
    assert "repeat " not in conf
