"""What a check looks for, how targets compose, and how they travel."""

from pytest_virtualpytest.targets.composed import (
    All,
    AnyOf,
    Appears,
    Gone,
    Not,
    Then,
    as_target,
    images,
    in_region,
    members_of,
    resolve,
)
from pytest_virtualpytest.targets.plain import Black, Image, Motion
from pytest_virtualpytest.targets.target import Target
from pytest_virtualpytest.targets.text import Text
from pytest_virtualpytest.targets.travel import from_wire, to_wire

__all__ = [
    "All", "AnyOf", "Appears", "Black", "Gone", "Image", "Motion", "Not", "Target", "Text", "Then",
    "as_target", "from_wire", "images", "in_region", "members_of", "resolve", "to_wire",
]  # fmt: skip
