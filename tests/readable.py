"""This Python and what is installed in it, for an account that may not enter the folders that they are in.

The suite often runs from an environment in somebody's home, which others cannot read. Then hard links to its
files (copies, on another file system) are made where everybody can.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

_PACKAGES = ("virtualpytest_host", "pytest_virtualpytest")


def python(folder: Path, *paths: Path) -> str:
    """Return a command for this Python that every account can run, *paths* on its path; copies go to *folder*."""
    variables = [f"PYTHONPATH={':'.join(str(_reachable(path, folder)) for path in [*_installed(), *paths])}"]
    program = Path(sys.executable).resolve()
    if not _open_to_all(program):
        variables += [f"PYTHONHOME={folder / 'base'}", f"LD_LIBRARY_PATH={folder / 'base' / 'lib'}"]
        program = _base(program, folder / "base")
    return f"env {' '.join(variables)} {program}"


def own() -> str:
    """Return a command for this Python as it runs here, for this account."""
    names = ("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH")
    variables = [f"{name}={os.environ[name]}" for name in names if os.environ.get(name)]
    return " ".join(["env", *variables, sys.executable])


def _installed() -> Iterable[Path]:
    """Yield the folders that hold what is installed here, those of editable installations last."""
    folders = dict.fromkeys(Path(sysconfig.get_path(name)) for name in ("purelib", "platlib"))
    yield from (folder for folder in folders if folder.is_dir())
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        package = Path(spec.origin).parent
        if package.parent.name != "site-packages":
            yield package.parent


def _reachable(path: Path, folder: Path) -> Path:
    if _open_to_all(path):
        return path
    target = folder / path.as_posix().strip("/").replace("/", "-")
    if not target.exists():
        if path.name == "site-packages" or path.name == "installed":
            _copy(path, target)
        else:  # a checkout holds much besides
            target.mkdir(parents=True)
            for name in _PACKAGES:
                if (path / name).is_dir():
                    _copy(path / name, target / name)
    return target


def _base(program: Path, target: Path) -> Path:
    """Copy the installation that *program* belongs to."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    library = target / "lib" / version
    if not library.exists():
        library.mkdir(parents=True)
        (target / "bin").mkdir()
        origin = Path(sysconfig.get_path("stdlib"))
        for item in origin.iterdir():
            if item.name not in {"site-packages", "test", "idlelib", "tkinter", "ensurepip"}:
                _copy(item, library / item.name)
        for shared in (Path(sys.base_prefix) / "lib").glob("libpython*.so*"):
            _copy(shared, target / "lib" / shared.name)
        shutil.copy(program, target / "bin" / version)
    return target / "bin" / version


def _copy(origin: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    for how in ("-al", "-a"):
        if subprocess.run(["cp", how, str(origin), str(target)], check=False, capture_output=True).returncode == 0:
            return
        shutil.rmtree(target, ignore_errors=True)
    raise RuntimeError(f"cannot copy {origin} to {target}")


def _open_to_all(path: Path) -> bool:
    """Tell whether every account can enter every folder on the way to *path*, and read it."""
    return all(_permitted(part, is_last=part == path) for part in [path, *path.parents])


def _permitted(path: Path, *, is_last: bool) -> bool:
    mode = path.stat().st_mode
    wanted = stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IROTH
    return bool(mode & wanted) and (not is_last or bool(mode & stat.S_IROTH))
