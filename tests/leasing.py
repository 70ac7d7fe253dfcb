"""Devices for tests that do with them what a test author does, over a real gateway."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from pytest_virtualpytest import config
from pytest_virtualpytest.device import Device
from pytest_virtualpytest.lab import Lab


@contextlib.contextmanager
def leased(folder: Path, name: str, settings: str = 'virtual = "stb"') -> Iterator[Device]:
    """Give the device *name*, a virtual box unless *settings* say otherwise; its lab file is put into *folder*."""
    path = folder / "lab.toml"
    path.write_text(f"[devices.{name}]\n{settings}\n")
    with contextlib.closing(Lab(config.load([path]))) as lab, lab.lease(device=name) as device:
        yield device


def showing(film: Path, name: str) -> contextlib.AbstractContextManager[Device]:
    """Give a device *name* that shows *film*."""
    return leased(film.parent, name, f'kind = "tv"\nvideo = {{ source = "{film}" }}')
