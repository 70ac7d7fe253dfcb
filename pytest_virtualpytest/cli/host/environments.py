"""The environments of an account on a host. This module's text is sent there and run by the host's own Python.

    ~/.local/share/virtualpytest/envs/0.1.0-1       one for each installation: VERSION-N
                                 envs/0.1.0-2
                                 current -> envs/0.1.0-2
                                 previous -> envs/0.1.0-1

So it needs Python 3.11 and nothing else. It takes files from standard input once it has said that it is
ready, and tells of itself in JSON, an object a line.
"""

from __future__ import annotations

import contextlib
import fcntl
import grp
import json
import os
import platform
import pwd
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_GROUPS = ("video", "dialout", "plugdev", "input")  # whose devices tests use
_WHOLE = "av,numpy,opencv-python,pydantic-core"  # to compile these takes an hour, and fails
_SECONDS = 1800
_STAY = '''\
"""Keep a process to the environment that it was started in, where `current` is made to lead to another."""
import os
import sys

old, new = sys.prefix, os.path.realpath(sys.prefix)
sys.prefix = sys.exec_prefix = new
sys.executable = os.path.join(new, "bin", os.path.basename(sys.executable))
sys.path[:] = [new + path[len(old):] if path.startswith(old + os.sep) else path for path in sys.path]
'''


class Refusal(Exception):
    """What cannot be done, in one line."""


def serve(request: str) -> None:
    """Do what *request* asks for, and tell how it went."""
    asked = json.loads(request)
    try:
        _tell("done", value=_ACTIONS[asked["action"]](**asked["args"]))
    except Refusal as error:
        _tell("failed", text=str(error))
    except OSError as error:
        _tell("failed", text=f"{error.filename or _root()}: {error.strerror or error}")


def look() -> dict[str, Any]:
    """Return what this account is, and which groups it is not in."""
    ours = {grp.getgrgid(number).gr_name for number in {*os.getgroups(), os.getgid()} if _known(number)}
    missing = [name for name in _GROUPS if name not in ours and _exists(name)] if os.getuid() else []
    return {
        "python": platform.python_version(),
        "machine": platform.node(),
        "account": pwd.getpwuid(os.getuid()).pw_name,
        "missing": missing,
        "current": _name(_root() / "current"),
        "previous": _name(_root() / "previous"),
    }


def install(
    version: str, wheel: str, files: list[list[Any]], *, index: bool, dependencies: bool, system: bool
) -> dict[str, str]:
    """Make an environment with *wheel*, one of the *files* that come in; nothing leads to it yet."""
    with _alone():
        _prune()  # what an installation that was cut off has left
        place = _fresh(version)
        try:
            wheels = place / "wheels"
            wheels.mkdir()
            _receive(files, wheels)
            pip = _make(place, system=system)
            _install(pip, wheels / wheel, index=index, dependencies=dependencies)
            shutil.rmtree(wheels)
            (_site(place) / "virtualpytest_stay.py").write_text(_STAY, encoding="utf-8")
            (_site(place) / "virtualpytest-stay.pth").write_text("import virtualpytest_stay\n", encoding="utf-8")
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        return {"name": place.name, "python": str(place / "bin" / "python")}


def switch(name: str) -> dict[str, Any]:
    """Have `current` lead to the environment *name*, keep the one before, remove those before that."""
    with _alone():
        before = _name(_root() / "current")
        if before and before != name:
            _link("previous", before)
        _link("current", name)
        return {"python": str(_root() / "current" / "bin" / "python"), "before": before, "removed": _prune()}


def rollback() -> dict[str, Any]:
    """Have `current` lead to the environment before, and `previous` to the one that it led to."""
    with _alone():
        now, before = _name(_root() / "current"), _name(_root() / "previous")
        if not before or not now:
            raise Refusal(f"there is no environment before {now or 'the first'!r} in {_envs()}")
        _link("current", before)
        _link("previous", now)
        return {"python": str(_root() / "current" / "bin" / "python"), "before": now, "now": before}


def discard(name: str) -> None:
    """Remove the environment *name*, which did not work."""
    with _alone():
        if name != _name(_root() / "current"):
            shutil.rmtree(_envs() / name)


def _root() -> Path:
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "virtualpytest"


def _envs() -> Path:
    return _root() / "envs"


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    _envs().mkdir(parents=True, exist_ok=True)
    with (_root() / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refusal(f"another installation is going on in {_root()}; try again when it has ended") from None
        yield


def _fresh(version: str) -> Path:
    numbers = [place.name.rpartition("-")[2] for place in _envs().glob(f"{version}-*")]
    number = 1 + max((int(one) for one in numbers if one.isdigit()), default=0)
    place = _envs() / f"{version}-{number}"
    place.mkdir()
    return place


def _prune() -> list[str]:
    """Remove every environment that no link leads to, and return their names."""
    kept = {_name(_root() / "current"), _name(_root() / "previous")}
    removed = sorted(place.name for place in _envs().iterdir() if place.name not in kept)
    for old in removed:
        shutil.rmtree(_envs() / old)
    return removed


def _receive(files: list[list[Any]], place: Path) -> None:
    _tell("ready")
    for name, size in files:
        with (place / os.path.basename(name)).open("wb") as file:  # noqa: PTH119  # a name from elsewhere
            left = int(size)
            while left:
                data = sys.stdin.buffer.read(min(left, 1 << 20))
                if not data:
                    raise Refusal("the connection ended before every file had come")
                file.write(data)
                left -= len(data)


def _make(place: Path, *, system: bool) -> list[str]:
    """Make an environment, and return the command of a pip that installs into it."""
    _tell("doing", text=f"making {place}")
    python, there = getattr(sys, "_base_executable", None) or sys.executable, str(place / "bin" / "python")
    bundled = _bundled()
    words = [python, "-m", "venv", *(["--system-site-packages"] if system else [])]
    code, said = _run([*words, *(["--without-pip"] if bundled else []), str(place)])
    if code:
        package = f"apt-get install python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        reason = f"; on Debian and Ubuntu: {package}" if "ensurepip" in said else ""
        raise Refusal(f"{python} -m venv failed: {_last(said)}{reason}")
    return [there, f"{bundled}/pip"] if bundled else [there, "-m", "pip"]


def _bundled() -> Path | None:
    """Return the wheel of pip that comes with Python: to install that first would double the time."""
    with contextlib.suppress(ImportError):
        import ensurepip

        own, shared = Path(ensurepip.__file__).parent / "_bundled", sysconfig.get_config_var("WHEEL_PKG_DIR")
        for place in [*([Path(shared)] if shared else []), own]:
            for wheel in place.glob("pip-*.whl"):
                return wheel
    return None


def _install(pip: list[str], wheel: Path, *, index: bool, dependencies: bool) -> None:
    _tell("doing", text=f"installing {wheel.name}{' and what it needs' if dependencies else ''}")
    words = [*pip, "install", "--disable-pip-version-check", "--no-input"]
    words += ["--only-binary", _WHOLE] if dependencies else ["--no-deps"]
    words += [] if index else ["--no-index"]
    words += ["--find-links", str(wheel.parent), f"{wheel}[host]" if dependencies else str(wheel)]
    code, said = _run(words)
    if code:
        log = _root() / "install.log"
        log.write_text(said, encoding="utf-8")
        errors = [line for line in said.splitlines() if line.startswith("ERROR:")]
        raise Refusal(f"pip failed: {_last(chr(10).join(errors) or said)} (all of it: {log})")


def _run(words: list[str]) -> tuple[int, str]:
    """Run a program to its end; return its exit code and what it said."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"PIP_USER": "0"}
    try:
        done = subprocess.run(
            words, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=environ, timeout=_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return 1, f"not done within {_SECONDS} s"
    return done.returncode, done.stdout.decode(errors="replace")


def _site(place: Path) -> Path:
    return place / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def _link(link: str, name: str) -> None:
    fresh = _root() / f"{link}.new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(Path("envs") / name)
    fresh.rename(_root() / link)


def _name(link: Path) -> str:
    return link.readlink().name if link.is_symlink() and link.exists() else ""


def _known(number: int) -> bool:
    with contextlib.suppress(KeyError):
        return bool(grp.getgrgid(number))
    return False


def _exists(name: str) -> bool:
    with contextlib.suppress(KeyError):
        return bool(grp.getgrnam(name))
    return False


def _last(said: str) -> str:
    lines = said.strip().splitlines()
    return lines[-1].removeprefix("ERROR:").strip() if lines else "it said nothing"


def _tell(word: str, **more: Any) -> None:
    sys.stdout.write(json.dumps({"virtualpytest": word, **more}) + "\n")
    sys.stdout.flush()


_ACTIONS: dict[str, Callable[..., Any]] = {
    "look": look,
    "install": install,
    "switch": switch,
    "rollback": rollback,
    "discard": discard,
}
