"""The phone's own apps: a launcher, settings with rows and switches, and notes with a text field."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Protocol

from virtualpytest_host.virtual.canvas import INK, SLATE, Colour
from virtualpytest_host.virtual.phone.views import BAR, HEIGHT, WIDTH, View, screen, title

LAUNCHER, SETTINGS, NOTES = "com.virtual.launcher", "com.virtual.settings", "com.virtual.notes"
_HUES: tuple[Colour, ...] = ((150, 78, 28), (70, 132, 46), (112, 44, 132), (38, 130, 214), (120, 112, 30))
_SWITCHES = (
    "Wi-Fi", "Bluetooth", "Airplane mode", "Mobile data", "Hotspot", "NFC", "Location", "Dark theme", "Auto-rotate",
    "Battery saver", "Do not disturb", "Vibration", "Night light", "Developer options",
)  # fmt: skip
_ON = {"Wi-Fi", "Mobile data", "Location"}
_PAGES = ("About phone", "Colours")
_ROW = 104
_TOP = BAR + 96
_COLUMNS, _LINES = 20, 25  # of the page of colours: a screen of 500 views


class Desk(Protocol):
    """The phone, as its apps see it."""

    installed: dict[str, str]
    kept: dict[str, Any]
    properties: dict[str, str]

    def launch(self, app: str) -> None:
        """Bring *app* to the front."""


@dataclass
class App:
    """One app that runs; it has a *page*, and forgets it when it is stopped."""

    desk: Desk
    page: str = ""
    scroll: int = 0
    focus: int = -1

    def views(self) -> View:
        """Return what it shows."""
        raise NotImplementedError

    def back(self) -> bool:
        """Go one page back; tell whether there was one."""
        had, self.page = bool(self.page), ""
        return had

    def type(self, text: str) -> None:
        """Take *text* from the keyboard."""

    def erase(self) -> None:
        """Take back the last sign that was typed."""

    def slide(self, pixels: int) -> None:
        """Scroll by *pixels*."""

    def open(self, page: str) -> None:
        """Go to *page*."""
        self.page, self.scroll, self.focus = page, 0, -1


class Launcher(App):
    """The apps, two beside one another."""

    def views(self) -> View:
        """Return an icon for each app."""
        apps = [(app, label) for app, label in self.desk.installed.items() if app != LAUNCHER]
        return screen(*(self._icon(number, app, label) for number, (app, label) in enumerate(apps)))

    def _icon(self, number: int, app: str, label: str) -> View:
        x, y = 40 + number % 2 * 330, 160 + number // 2 * 240
        hue = _HUES[number % len(_HUES)]
        return View(
            "widget.TextView", (x, y, 310, 200), label, "icon", label, colour=hue, corner=24,
            touched=lambda: self.desk.launch(app),
        )  # fmt: skip


class Settings(App):
    """Rows with switches, and two pages."""

    @property
    def on(self) -> set[str]:
        """The switches that are on; they stay so."""
        kept: set[str] = self.desk.kept.setdefault(SETTINGS, set(_ON))
        return kept

    def views(self) -> View:
        """Return the page."""
        if self.page == "About phone":
            return screen(title(self.page), *self._facts(), colour=INK)
        if self.page == "Colours":
            return screen(title(self.page), _colours(), colour=INK)
        return screen(self._rows(), title("Settings"), colour=INK)

    def slide(self, pixels: int) -> None:
        """Scroll the rows."""
        most = max(0, _TOP + _ROW * (len(_SWITCHES) + len(_PAGES)) - HEIGHT)
        self.scroll = min(most, max(0, self.scroll + pixels)) if not self.page else 0

    def _rows(self) -> View:
        rows = [self._row(number, name) for number, name in enumerate((*_SWITCHES, *_PAGES))]
        seen = [row for row in rows if row.box[1] + _ROW > _TOP and row.box[1] < HEIGHT]
        return View("widget.ListView", (0, _TOP, WIDTH, HEIGHT - _TOP), name="list", scrolls=True, children=seen)

    def _row(self, number: int, name: str) -> View:
        y = _TOP + number * _ROW - self.scroll
        words = View("widget.TextView", (24, y, 520, _ROW), name, "label")
        page = name in _PAGES
        switch = [] if page else [View("widget.Switch", (620, y, 60, _ROW), name="switch", checked=name in self.on)]
        does = functools.partial(self.open if page else self._switch, name)
        return View("widget.LinearLayout", (0, y, WIDTH, _ROW), name="row", touched=does, children=[words, *switch])

    def _switch(self, name: str) -> None:
        self.on.symmetric_difference_update({name})

    def _facts(self) -> list[View]:
        facts = (("Model", "ro.product.model"), ("Version", "ro.build.version.release"), ("Serial", "ro.serialno"))
        return [
            View("widget.TextView", (24, _TOP + 90 * number, 640, 80), f"{name}: {self.desk.properties[fact]}", "fact")
            for number, (name, fact) in enumerate(facts)
        ]


def _colours() -> View:
    wide, high = WIDTH // _COLUMNS, (HEIGHT - _TOP) // _LINES
    cells = [
        View(
            "view.View", (column * wide, _TOP + row * high, wide - 2, high - 2), name="colour",
            description=f"colour {row * _COLUMNS + column}", colour=(row * 10, column * 12, 128),
        )
        for row in range(_LINES) for column in range(_COLUMNS)
    ]  # fmt: skip
    return View("widget.GridLayout", (0, _TOP, WIDTH, HEIGHT - _TOP), name="grid", children=cells)


@dataclass
class Notes(App):
    """A field to type in, and what has been kept."""

    text: str = ""

    @property
    def kept(self) -> list[str]:
        """The notes that were saved, the newest first."""
        kept: list[str] = self.desk.kept.setdefault(NOTES, [])
        return kept

    def views(self) -> View:
        """Return the field, its button, and the notes."""
        field = View(
            "widget.EditText", (24, _TOP + 24, 660, 96), self.text, "input", "New note", colour=SLATE, focused=True,
            touched=lambda: None,
        )  # fmt: skip
        save = View("widget.Button", (24, _TOP + 140, 200, 84), "Save", "save", colour=_HUES[0], corner=12,
                    touched=self._keep)  # fmt: skip
        notes = [
            View("widget.TextView", (24, _TOP + 250 + 70 * number, 660, 64), note, "note")
            for number, note in enumerate(self.kept[:10])
        ]
        return screen(title("Notes"), field, save, *notes, colour=INK)

    def type(self, text: str) -> None:
        """Add *text* to the field."""
        self.text += text

    def erase(self) -> None:
        """Take the field's last sign away."""
        self.text = self.text[:-1]

    def _keep(self) -> None:
        self.kept.insert(0, self.text)
        self.text = ""


class Stranger(App):
    """An app that was installed: it shows its name."""

    def views(self) -> View:
        """Return its name."""
        return screen(title("Installed app"), colour=INK)


KINDS: dict[str, type[App]] = {LAUNCHER: Launcher, SETTINGS: Settings, NOTES: Notes}
LABELS = {LAUNCHER: "Launcher", SETTINGS: "Settings", NOTES: "Notes"}
