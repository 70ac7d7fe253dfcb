"""The phone's small programs, as every Android has them."""

from __future__ import annotations

import contextlib
import stat
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from virtualpytest_host.virtual.phone.sh import Left, Program, Run, encoded

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "0": "\0"}


def _echo(run: Run) -> int:
    words = list(run.words[1:])
    end = "" if words[:1] == ["-n"] else "\n"
    run.out(encoded(" ".join(words[1:] if not end else words) + end))
    return 0


def _printf(run: Run) -> int:
    """Print arguments by a form with ``%s``, ``%d`` and backslashes; the form is repeated while there are some."""
    if len(run.words) < 2:
        return run.complain("printf: Needs 1 argument")
    rest = list(run.words[2:])
    while True:
        text, form = "", run.words[1]
        while form:
            sign, following, form = form[0], form[1:2], form[1:]
            if sign == "%" and following and following in "sd%":
                text += "%" if following == "%" else rest.pop(0) if rest else ""
                form = form[1:]
            elif sign == "\\" and following in _ESCAPES:
                text, form = text + _ESCAPES[following], form[1:]
            else:
                text += sign
        run.out(encoded(text))
        if not rest or "%" not in run.words[1]:
            return 0


def _cat(run: Run) -> int:
    if len(run.words) == 1:
        run.out(run.given)
    return _each(run, lambda name: run.out(run.shell.storage.read(name)))


def _ls(run: Run) -> int:
    def show(name: str) -> None:
        if not run.shell.storage.path(name).is_dir():
            run.shell.storage.path(name).stat()
            run.say(name)
            return
        for entry, _ in run.shell.storage.entries(name):
            run.say(entry)

    return _each(run, show, otherwise="/")


def _mkdir(run: Run) -> int:
    return _each(run, lambda name: run.shell.storage.fresh(name).mkdir(parents="-p" in run.words, exist_ok=True))


def _rm(run: Run) -> int:
    forced = any(word.startswith("-") and "f" in word for word in run.words)

    def remove(name: str) -> None:
        with contextlib.suppress(*([FileNotFoundError] if forced else [])):
            run.shell.storage.remove(name)

    return _each(run, remove)


def _touch(run: Run) -> int:
    return _each(run, lambda name: run.shell.storage.write(name, b"", more=True))


def _stat(run: Run) -> int:
    def show(name: str) -> None:
        facts = run.shell.storage.path(name).stat()
        run.say(f"{'directory' if stat.S_ISDIR(facts.st_mode) else 'regular file'} {facts.st_size}")

    return _each(run, show)


def _named(words: Sequence[str]) -> list[str]:
    """Return the files among *words*: all after ``--``, and what is no option before."""
    cut = words.index("--") if "--" in words else len(words)
    return [word for word in words[:cut] if not word.startswith("-")] + list(words[cut + 1 :])


def _each(run: Run, do: Callable[[str], object], otherwise: str = "") -> int:
    """Do something with each file that is named, and complain as a phone does."""
    status = 0
    for name in _named(run.words[1:]) or [otherwise] * bool(otherwise):
        try:
            do(name)
        except OSError as error:
            status = run.complain(f"{run.words[0]}: {name}: {error.strerror}")
    return status


def _sleep(run: Run) -> int:
    threading.Event().wait(float(run.words[1]))
    return 0


def _export(run: Run) -> int:
    for word in run.words[1:]:
        name, equals, value = word.partition("=")
        if equals:
            run.shell.variables[name] = value
    return 0


def _exec(run: Run) -> int:
    raise Left(run.shell.program(replace(run, words=run.words[1:])))


def _exit(run: Run) -> int:
    raise Left(int(run.words[1]) & 255 if len(run.words) > 1 else 0)


def _sh(run: Run) -> int:
    if run.words[1:2] != ["-c"] or len(run.words) < 3:
        return run.complain("sh: only -c LINE is known here")
    return run.shell.inner().run(run.words[2], run.out, run.err)


def _date(run: Run) -> int:
    form = run.words[1] if len(run.words) > 1 else "+%a %b %d %H:%M:%S UTC %Y"
    now = time.time()
    form = form.removeprefix("+").replace("%N", f"{int(now % 1 * 1e9):09d}")
    run.say(time.strftime(form.replace("%s", str(int(now))), time.gmtime(now)))
    return 0


def _says(text: str) -> Program:
    def say(run: Run) -> int:
        run.say(text)
        return 0

    return say


PROGRAMS: dict[str, Program] = {
    "true": lambda _run: 0, ":": lambda _run: 0, "false": lambda _run: 1, "echo": _echo, "printf": _printf,
    "cat": _cat, "ls": _ls, "mkdir": _mkdir, "rm": _rm, "touch": _touch, "stat": _stat, "sleep": _sleep,
    "exit": _exit, "export": _export, "exec": _exec, "sh": _sh, "date": _date,
    "id": _says("uid=2000(shell) gid=2000(shell)"), "whoami": _says("shell"), "uname": _says("Linux"),
}  # fmt: skip
