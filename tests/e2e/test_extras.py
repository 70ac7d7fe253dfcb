"""Each part, used without an extra that it needs, says which one; and nothing heavy is imported unasked.

The modules of an extra are hidden by a folder that comes first on the path, so that this runs in any environment.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from running import run, said

HOST = ("adb_shell", "av", "cryptography", "cv2", "dns", "httpx", "numpy", "pysnmp", "serial")
DASHBOARD = ("jinja2", "starlette", "uvicorn")
HEAVY = ("pytest", "execnet", "pydantic", "numpy", "cv2", "av", "starlette", "pyautogui")


def _without(folder: Path, modules: tuple[str, ...], error: str = "No module named {name!r}") -> dict[str, str]:
    """Return variables under which *modules* cannot be imported."""
    folder.mkdir()
    for name in modules:
        line = f"raise ModuleNotFoundError({error.format(name=name)!r}, name={name!r})\n"
        (folder / f"{name}.py").write_text(line, encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


def test_a_device_without_the_host_extra_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(stb):\n    stb.screen.frame()\n", encoding="utf-8")

    done = run("pytest", "-p", "no:playwright", cwd=tmp_path, **_without(tmp_path / "hidden", HOST))

    assert done.returncode == 10, said(done)
    assert "needs virtualpytest[host]: pip install 'virtualpytest[host]'" in done.stdout


def test_a_lab_check_without_the_host_extra_says_what_to_install(tmp_path: Path) -> None:
    done = run("virtualpytest", "lab", "check", cwd=tmp_path, **_without(tmp_path / "hidden", HOST))

    assert done.returncode == 1, said(done)
    assert "needs virtualpytest[host]: pip install 'virtualpytest[host]'" in said(done)


@pytest.mark.parametrize(
    ("table", "asked"),
    [
        ('[devices.stb1.serial]\nport = "/dev/ttyUSB0"', "console.write('x')"),
        ('[devices.stb1.snmp]\naddress = "192.0.2.8"\noutlet = 1\nmodel = "apc"', "power.on()"),
    ],
)
def test_a_controller_without_its_library_says_what_to_install(tmp_path: Path, table: str, asked: str) -> None:
    (tmp_path / "lab.toml").write_text(f'[devices.stb1]\nkind = "stb"\n{table}\n', encoding="utf-8")
    (tmp_path / "test_it.py").write_text(f"def test_it(stb):\n    stb.{asked}\n", encoding="utf-8")

    done = run("pytest", "-p", "no:playwright", cwd=tmp_path, **_without(tmp_path / "hidden", HOST))

    assert done.returncode == 10, said(done)
    assert "controller needs virtualpytest[host]: pip install 'virtualpytest[host]'" in done.stdout


def test_match_without_the_host_extra_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")

    done = run("virtualpytest", "match", "a.png", "a.png", cwd=tmp_path, **_without(tmp_path / "hidden", HOST))

    assert done.returncode in (2, 10), said(done)
    assert "needs virtualpytest[host]: pip install 'virtualpytest[host]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_opencv_without_its_library_names_the_package(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(stb):\n    stb.screen.frame()\n", encoding="utf-8")
    error = "libGL.so.1: cannot open shared object file: No such file or directory"

    done = run("pytest", cwd=tmp_path, **_without(tmp_path / "hidden", ("cv2",), error))

    assert done.returncode == 10, said(done)
    assert "apt-get install libgl1" in done.stdout


def test_a_desktop_without_its_extra_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text('[devices.d]\nkind = "desktop"\n[devices.d.desktop]\ndisplay = "virtual"\n')
    (tmp_path / "test_it.py").write_text("def test_it(desktop):\n    desktop.remote.press('OK')\n", encoding="utf-8")

    done = run("pytest", cwd=tmp_path, **_without(tmp_path / "hidden", ("Xlib", "pyautogui")))

    assert done.returncode == 10, said(done)
    assert "the desktop controller needs virtualpytest[desktop]: pip install 'virtualpytest[desktop]'" in done.stdout


def test_the_dashboard_without_its_extra_says_what_to_install(tmp_path: Path) -> None:
    done = run("virtualpytest", "dashboard", ".", cwd=tmp_path, **_without(tmp_path / "hidden", DASHBOARD))

    assert done.returncode == 2
    wanted = "the dashboard needs virtualpytest[dashboard]: pip install 'virtualpytest[dashboard]'\n"
    assert done.stderr == wanted


def test_without_extras_a_test_of_no_device_runs(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n", encoding="utf-8")

    done = run("pytest", cwd=tmp_path, **_without(tmp_path / "hidden", HOST + DASHBOARD))

    assert done.returncode == 0, said(done)


@pytest.mark.parametrize("command", [["lab", "list"], ["lab", "schema"], ["init", "new"]], ids=" ".join)
def test_without_extras_what_opens_nothing_works(command: list[str], tmp_path: Path) -> None:
    done = run("virtualpytest", *command, cwd=tmp_path, **_without(tmp_path / "hidden", HOST + DASHBOARD))

    assert done.returncode == 0, said(done)


def test_importing_the_package_imports_nothing_heavy(tmp_path: Path) -> None:
    code = "import sys, json, pytest_virtualpytest; print(json.dumps(sorted(sys.modules)))"

    done = run(sys.executable, "-c", code, cwd=tmp_path)

    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert loaded.isdisjoint(HEAVY)


def test_the_plugin_that_is_loaded_and_unused_imports_nothing_slow(tmp_path: Path) -> None:
    code = (
        "import sys, json, pytest; pytest.main(['-q', '-p', 'no:playwright', '.']);"
        "print('\\n' + json.dumps(sorted(sys.modules)))"
    )
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n", encoding="utf-8")

    done = run(sys.executable, "-c", code, cwd=tmp_path)

    loaded = {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}
    assert "pytest_virtualpytest" in loaded
    assert loaded.isdisjoint({"pydantic", "numpy", "cv2", "av", "starlette", "uvicorn"})
