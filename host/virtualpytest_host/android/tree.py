"""What uiautomator writes of a screen, as elements."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from pytest_virtualpytest.answers import Element
from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.models import Region

_BOUNDS = re.compile(r"\[(-?\d+),(-?\d+)\]\[(-?\d+),(-?\d+)\]")


def read(text: str) -> Element:
    """Return the root of the elements that *text* describes; DeviceError if it describes none."""
    begin, end = text.find("<hierarchy"), text.rfind("</hierarchy>")
    if begin < 0 or end < begin:
        raise DeviceError(f"uiautomator has not described the screen but said {text.strip()[-200:]!r}")
    try:
        root = ElementTree.fromstring(text[begin : end + len("</hierarchy>")])
    except ElementTree.ParseError as error:
        raise DeviceError(f"uiautomator's description of the screen is no XML: {error}") from error
    nodes = [_element(node) for node in root.findall("node")]
    return nodes[0] if len(nodes) == 1 else Element("hierarchy", children=tuple(nodes))


def _element(node: ElementTree.Element) -> Element:
    said = node.attrib.get
    return Element(
        kind=said("class", ""),
        text=said("text", ""),
        id=said("resource-id", ""),
        description=said("content-desc", ""),
        app=said("package", ""),
        region=_region(said("bounds", "")),
        enabled=said("enabled") != "false",
        checked=said("checked") == "true",
        focused=said("focused") == "true",
        children=tuple(_element(child) for child in node.findall("node")),
    )


def _region(bounds: str) -> Region:
    found = _BOUNDS.match(bounds)
    left, top, right, low = map(int, found.groups()) if found else (0, 0, 0, 0)
    return Region(left, top, right - left, low - top)
