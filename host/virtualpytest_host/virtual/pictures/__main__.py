"""Cut the reference pictures of the virtual product from its own drawing.

    python -m virtualpytest_host.virtual.pictures FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2

from virtualpytest_host.virtual import drawing
from virtualpytest_host.virtual.canvas import Box, Image
from virtualpytest_host.virtual.product import CHANNELS


def write(folder: Path) -> list[Path]:
    """Write every picture into *folder* and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, (image, (x, y, wide, high)) in _cuts().items():
        paths.append(folder / f"{name}.png")
        cv2.imwrite(str(paths[-1]), image[y : y + high, x : x + wide], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return paths


def _cuts() -> dict[str, tuple[Image, Box]]:
    cuts: dict[str, tuple[Image, Box]] = {
        "home": (drawing.home(0), (50, 36, 190, 76)),
        "guide-header": (drawing.guide(0, 0), (50, 36, 270, 76)),
        "settings-header": (drawing.settings(0), (50, 36, 250, 76)),
        "wifi-chosen": (drawing.settings(2), (60, 304, 300, 60)),
        "app-loading": (drawing.loading(0), (560, 404, 160, 52)),
        "films": (drawing.still("app"), (50, 36, 180, 76)),
        "boot": (drawing.still("boot"), (510, 226, 260, 270)),
        "no-signal": (drawing.still("no-signal"), (0, 0, 1280, 720)),
        "banner": (drawing.banner(0), (900, 26, 290, 44)),  # the part that every channel's has
    }
    names: Box = (14, 14, 400, 96)
    return cuts | {f"banner-{number + 1}": (drawing.banner(number), names) for number in range(len(CHANNELS))}


if __name__ == "__main__":
    write(Path(sys.argv[1]))
