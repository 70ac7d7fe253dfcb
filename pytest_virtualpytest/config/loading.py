"""Find the lab file, check it, and make records of it."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_virtualpytest.config.records import KINDS, LOCAL, VIRTUAL, DeviceConfig, HostConfig, LabConfig
from pytest_virtualpytest.exceptions import ConfigError

FILE = "lab.toml"
VARIABLE = "VPT_LAB"


def choose(options: Sequence[str | Path], environ: Mapping[str, str], folder: Path) -> LabConfig:
    """Return the lab of the files in *options*, else of $VPT_LAB, else of *folder*'s lab.toml, else the built-in one.

    $VPT_LAB may name several files, with the separator of $PATH between them.
    """
    named = [Path(word) for word in environ.get(VARIABLE, "").split(os.pathsep) if word]
    files = [Path(option) for option in options] or named
    if not files and (folder / FILE).is_file():
        files = [folder / FILE]
    return load(files) if files else builtin()


def builtin() -> LabConfig:
    """Return the lab that serves where there is no file: virtual devices on this machine.

    Two set-top boxes, a phone and, where Xvfb and pyautogui are, a desktop.
    """
    devices = [
        DeviceConfig(name, model="virtual-stb", virtual="stb", given=VIRTUAL["stb"]) for name in ("stb1", "stb2")
    ]
    phone = DeviceConfig("phone1", kind=KINDS["phone"], model="virtual-phone", virtual="phone", given=VIRTUAL["phone"])
    devices.append(phone)
    if shutil.which("Xvfb") and importlib.util.find_spec("pyautogui"):
        model, given = "virtual-desktop", VIRTUAL["desktop"]
        devices.append(DeviceConfig("desktop1", kind="desktop", model=model, virtual="desktop", given=given))
    return LabConfig({LOCAL: HostConfig(LOCAL)}, {device.name: device for device in devices})


def load(files: Sequence[Path]) -> LabConfig:
    """Return the lab of *files*, later ones laid over earlier ones; ConfigError with everything that is wrong."""
    from pytest_virtualpytest.config import building, controllers, document, meaning, secrets, shape

    written = document.read(files)
    installed = controllers.Controllers()
    problems = [*shape.check(written.data, installed.names)]
    written.data = secrets.found(written)
    problems += meaning.check(written.data, installed)
    if problems:
        problems.sort(key=lambda problem: written.position(problem[0]))
        lines = [f"{written.place(where)}: {text}" for where, text in problems]
        raise ConfigError(*dict.fromkeys(lines))
    return building.lab(written, installed)
