"""What the phone's screens are made of: views, which are drawn, described in XML, and touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

from virtualpytest_host.virtual.canvas import ACCENT, GREY, INK, SLATE, WHITE, Colour, Image, gradient, panel, write

WIDTH, HEIGHT = 720, 1280
BAR = 48  # pixels of the status bar
_FLAGS = ("checkable", "checked", "clickable", "enabled", "focusable", "focused", "scrollable")
_NEVER = ("long-clickable", "password", "selected")


@dataclass(eq=False)
class View:
    """One part of a screen; *touched* is what a tap on it does, *colour* what it is filled with."""

    kind: str
    box: tuple[int, int, int, int]  # x, y, width, height
    text: str = ""
    name: str = ""
    description: str = ""
    colour: Colour | None = None
    ink: Colour = WHITE
    size: int = 30
    corner: int = 0
    checked: bool | None = None  # None where it cannot be
    focused: bool = False
    scrolls: bool = False
    touched: Callable[[], None] | None = None
    children: list[View] = field(default_factory=list)

    def at(self, x: int, y: int) -> View | None:
        """Return the view that a touch of (*x*, *y*) reaches, the innermost one that takes it."""
        left, top, wide, high = self.box
        if not (left <= x < left + wide and top <= y < top + high):
            return None
        inner = next((found for child in reversed(self.children) if (found := child.at(x, y))), None)
        return inner or (self if self.touched else None)

    def all(self) -> Iterator[View]:
        """Yield this view and all within it, in the order of the screen."""
        yield self
        for child in self.children:
            yield from child.all()


def draw(root: View) -> Image:
    """Return the picture of *root*: 720 by 1280, blue, green and red."""
    picture = gradient((74, 46, 30), (30, 22, 18), WIDTH, HEIGHT)
    for view in root.all():
        _draw(picture, view)
    write(picture, "12:00", (24, 34), 22, colour=GREY)
    return picture


def _draw(picture: Image, view: View) -> None:
    x, y, wide, high = view.box
    if view.colour is not None and wide > 0 and high > 0:
        panel(picture, view.box, view.colour, min(view.corner, wide // 2, high // 2))
    if view.focused:
        panel(picture, (x, y + high - 4, wide, 4), ACCENT, 0)
    if view.checked is not None:
        panel(picture, (x, y + high // 2 - 14, 56, 28), ACCENT if view.checked else SLATE, 14)
        panel(picture, (x + (30 if view.checked else 2), y + high // 2 - 12, 24, 24), WHITE, 12)
    elif view.text:
        shown = "".join(sign if sign.isprintable() else " " for sign in view.text)
        write(picture, shown, (x + 12, y + (high + view.size) // 2 - 4), view.size, colour=view.ink)


def described(root: View, app: str) -> str:
    """Return *root* as uiautomator writes it."""
    head = "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>"
    return f'{head}<hierarchy rotation="0">{_node(root, app, 0)}</hierarchy>'


def _node(view: View, app: str, index: int) -> str:
    x, y, wide, high = view.box
    flags = {
        "checkable": view.checked is not None, "checked": bool(view.checked), "clickable": view.touched is not None,
        "enabled": True, "focusable": view.touched is not None, "focused": view.focused, "scrollable": view.scrolls,
    }  # fmt: skip
    values = {
        "index": str(index), "text": view.text, "resource-id": f"{app}:id/{view.name}" if view.name else "",
        "class": f"android.{view.kind}", "package": app, "content-desc": view.description,
        **{name: str(flags.get(name, False)).lower() for name in (*_FLAGS, *_NEVER)},
        "bounds": f"[{x},{y}][{x + wide},{y + high}]",
    }  # fmt: skip
    inner = "".join(_node(child, app, number) for number, child in enumerate(view.children))
    return f"<node {' '.join(f'{name}={_attribute(value)}' for name, value in values.items())}>{inner}</node>"


def _attribute(value: str) -> str:
    """Return *value* quoted; signs that XML cannot hold are a ``.``, as the phone's own serialiser writes them."""
    held = "".join(sign if sign >= " " or sign in "\t\n\r" else "." for sign in value)
    return quoteattr(held, {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def screen(*children: View, colour: Colour | None = None) -> View:
    """Return a whole screen."""
    return View("widget.FrameLayout", (0, 0, WIDTH, HEIGHT), colour=colour, children=list(children))


def title(text: str) -> View:
    """Return the title at the top of an app."""
    return View("widget.TextView", (0, BAR, WIDTH, 96), text, "title", colour=INK, size=38)
