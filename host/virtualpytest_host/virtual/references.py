"""Cut the reference pictures of the virtual product from its own drawing.

    python -m virtualpytest_host.virtual.references FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2

from virtualpytest_host.virtual import drawing
from virtualpytest_host.virtual.product import CHANNELS

PICTURES = {
    "home": (drawing.home(0), (40, 30, 240, 90)),
    "guide-header": (drawing.guide(0, 0), (50, 30, 340, 88)),
    "settings-header": (drawing.settings(0), (40, 30, 320, 90)),
    "wifi-chosen": (drawing.settings(2), (60, 302, 300, 62)),
    "loading": (drawing.loading(0), (540, 410, 220, 60)),
    "films": (drawing.still("app"), (40, 30, 240, 90)),
    "boot": (drawing.still("boot"), (500, 240, 280, 220)),
    "no-signal": (drawing.still("no-signal"), (0, 0, 1280, 720)),
}


def write(folder: Path) -> list[Path]:
    """Write every picture into *folder*, and each channel's banner."""
    folder.mkdir(parents=True, exist_ok=True)
    cut = {name: image[y : y + high, x : x + wide] for name, (image, (x, y, wide, high)) in PICTURES.items()}
    cut |= {f"banner-{number + 1}": drawing.banner(number)[10:110, 10:560] for number in range(len(CHANNELS))}
    cut["banner"] = drawing.banner(0)[70:106, 124:480]
    paths = []
    for name, image in cut.items():
        paths.append(folder / f"{name}.png")
        cv2.imwrite(str(paths[-1]), image)
    return paths


if __name__ == "__main__":
    write(Path(sys.argv[1]))
