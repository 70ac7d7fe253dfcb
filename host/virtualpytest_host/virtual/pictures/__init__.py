"""Reference pictures of the virtual product, cut from its own drawing: ``FOLDER / "guide-header.png"``."""

from pathlib import Path

FOLDER = Path(__file__).parent
