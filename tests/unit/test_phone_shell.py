"""The virtual phone's shell takes lines apart as a real one does, and never leaves the phone."""

from __future__ import annotations

import random
import shlex
import subprocess
from pathlib import Path

import pytest
from virtualpytest_host.virtual.phone import tools
from virtualpytest_host.virtual.phone.sh import Shell
from virtualpytest_host.virtual.phone.storage import Storage

LINES = [
    "printf '%s|' a b",
    'printf \'%s|\' \'a b\' "c d" e\\ f',
    'printf \'%s|\' "$(echo x y)" $(echo x y)',
    "echo a; echo b",
    "false && echo no; true && echo yes || echo no",
    "false || echo $?",
    'X=1; echo "$X" \'$X\' \\$X ${X}2',
    "echo `echo a\\`echo b\\``",
    'printf \'%s\' "a\\$b\\`c\\"d\\\\e\\f"',
    "echo 'a\nb'",
    "echo a#b #c\necho d",
    'printf \'%s|\' \'\' ""',
    'echo "$(echo "$(echo \')\')")"',
    "echo a | cat | cat",
    "sh -c 'exit 3'; echo $?",
    "exit 4",
    "echo a>&2",
    "echo $",
    'echo "a\'b" \'c"d\'',
    'X=\'a  b\'; printf \'%s|\' $X "$X" z$X',
    "X=$(exit 5); echo $?",
    "echo \\\nx",
    "printf '%s|' $NONE",
    'printf \'%s|\' "$NONE"',
    "echo a 2>&1 >/dev/null",
    'sh -c "echo \'in \\$(echo side)\'"',
    "echo a;",
    "true;false",
    "",
    "X=$(false) Y=$(true); echo $?",
]
PIECES = [*"abc'\"\\$`;|&><#(){}*?~!%= \n\t", "$(", "${x}", "echo", "&&", "é", "😀", "$(reboot)", "`id`", "-n", "--"]


def here(line: str, tmp_path: Path) -> tuple[bytes, int]:
    out = bytearray()
    shell = Shell(tools.PROGRAMS, Storage(tmp_path / "files"), None)
    status = shell.run(line, out.extend, lambda _data: None)
    return bytes(out), status


def real(line: str, folder: Path) -> tuple[bytes, int]:
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=False, cwd=folder)
    return done.stdout, done.returncode


@pytest.mark.parametrize("line", LINES)
def test_line_does_what_it_does_in_a_real_shell(line: str, tmp_path: Path) -> None:
    assert here(line, tmp_path) == real(line, tmp_path)


def test_whatever_is_quoted_is_one_word(tmp_path: Path) -> None:
    chance = random.Random(7)
    for _ in range(300):
        text = "".join(chance.choice(PIECES) for _ in range(chance.randint(0, 12)))

        output, status = here(f"printf '%s|' {shlex.quote(text)} end", tmp_path)

        assert (output.decode(), status) == (f"{text}|end|", 0)


@pytest.mark.parametrize(
    "line", ["echo '", 'echo "', "echo $(", "echo `", "| cat", "echo >", "echo a &&", "a ;; b", "(a)"]
)
def test_line_that_is_none_says_so(line: str, tmp_path: Path) -> None:
    complaints = bytearray()

    status = Shell(tools.PROGRAMS, Storage(tmp_path), None).run(line, lambda _data: None, complaints.extend)

    assert status != 0
    assert complaints.startswith(b"sh: syntax error")


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/sdcard/../../../../../etc/passwd", "../etc/passwd", "/data/../etc/passwd"]
)
def test_no_path_leads_out_of_the_phone(path: str, tmp_path: Path) -> None:
    assert here(f"cat {path}", tmp_path) == (b"", 1)


def test_nothing_of_this_machine_is_run(tmp_path: Path) -> None:
    assert here("/bin/ls /; python3 -c 1; /usr/bin/env", tmp_path)[1] == 127


def test_only_where_a_phone_may_be_written_it_is(tmp_path: Path) -> None:
    assert here("echo a > /system/x", tmp_path)[1] == 1
    assert here("echo a > /sdcard/x; cat /storage/emulated/0/x", tmp_path) == (b"a\n", 0)
