"""The product that a virtual box pretends to be: its screens, and what each key does to them."""

from __future__ import annotations

from dataclasses import dataclass, field

from virtualpytest_host.virtual.keypad import Keypad

CHANNELS = ("News 24", "Sport One", "Cinema", "Kids", "Nature")
TONES = (440, 660, 880, 1100, 550)
SETTINGS = ("Picture", "Sound", "Wi-Fi", "Language", "Parental control", "Software update", "About this box")
APPS = ("Live TV", "Guide", "Films", "Settings")
BOOT_SECONDS = 2.0
BANNER_SECONDS = 3.0
LOADING_SECONDS = 1.5
REPEAT_AFTER, REPEAT_EVERY = 0.5, 0.1

_LIVE_KEYS = {"Home": "home", "Guide": "guide", "Menu": "settings", "Search": "search"}


@dataclass
class Product:
    """What the box shows; every time is a second on the box's own CLOCK_MONOTONIC."""

    black_seconds: float = 0.4
    powered: bool = True
    awake: bool = True
    screen: str = "live"
    channel: int = 0
    row: int = 0
    volume: int = 5
    muted: bool = False
    typed: str = ""
    boot_until: float = 0.0
    black_until: float = 0.0
    banner_until: float = 0.0
    loading_until: float = 0.0
    held: dict[str, float] = field(default_factory=dict)
    keypad: Keypad = field(default_factory=Keypad)

    def state(self, now: float) -> str:
        """Return the name of what is on screen at *now*."""
        if not self.powered:
            return "no-signal"
        if now < self.boot_until or not self.awake:
            return "boot" if now < self.boot_until else "standby"
        return self._awake_state(now)

    def _awake_state(self, now: float) -> str:
        if self.screen == "app":
            return "loading" if now < self.loading_until else "app"
        if self.screen == "search":
            return f"search:{self.keypad}"
        if self.screen != "live":
            return f"{self.screen}:{self.row}"
        if now < self.black_until:
            return "black"
        return f"live:{self.channel}" + ("+banner" if now < self.banner_until else "")

    def tone(self, now: float) -> int:
        """Return the pitch in Hz that is heard at *now*, 0 for silence."""
        quiet = self.muted or not self.volume or self.state(now) in {"no-signal", "boot", "standby", "black"}
        return 0 if quiet else TONES[self.channel]

    def supply(self, on: bool, now: float) -> None:
        """Switch the mains: a box that gets power boots."""
        if on and not self.powered:
            self.boot_until = now + BOOT_SECONDS
            self.awake, self.screen, self.row = True, "live", 0
            self.black_until = self.banner_until = 0.0
        self.powered = on
        self.held.clear()

    def down(self, key: str, now: float) -> None:
        """Take *key* going down: a press that repeats until it goes up."""
        if key not in self.held:
            self.press(key, now)
        self.held[key] = now + REPEAT_AFTER

    def up(self, key: str) -> None:
        """Take *key* going up."""
        self.held.pop(key, None)

    def repeat(self, now: float) -> None:
        """Do what the keys that are held down do again until *now*."""
        for key, due in self.held.items():
            if now >= due:
                self.held[key] = due + REPEAT_EVERY
                self.press(key, now)

    def press(self, key: str, now: float) -> None:
        """Do what *key*, by its ECP name, does on the present screen."""
        if not self.powered or now < self.boot_until:
            return
        if key in {"Power", "PowerOn", "PowerOff"}:
            self.awake = not self.awake if key == "Power" else key == "PowerOn"
        elif self.awake:
            self._press_awake(key, now)

    def _press_awake(self, key: str, now: float) -> None:
        if key.startswith("Lit_"):
            self._type(key[4:], now)
        elif key.startswith("Volume"):
            self._sound(key)
        elif key in {"ChannelUp", "ChannelDown"}:
            self._zap(self.channel + (1 if key == "ChannelUp" else -1), now)
        elif key == "Info":
            self.banner_until = now + BANNER_SECONDS
        elif key == "Back" or _LIVE_KEYS.get(key) == self.screen:
            self._show("live")
        elif key in _LIVE_KEYS:
            self._show(_LIVE_KEYS[key])
        elif key in {"Up", "Down", "Left", "Right"}:
            self._move(key)
        elif key == "Select":
            self._select(now)

    def _show(self, screen: str) -> None:
        self.screen, self.row = screen, self.channel if screen == "guide" else 0
        self.keypad = Keypad()
        self.banner_until = 0.0

    def _rows(self) -> int:
        return {"home": len(APPS), "guide": len(CHANNELS), "settings": len(SETTINGS)}.get(self.screen, 1)

    def _move(self, key: str) -> None:
        if self.screen == "search":
            self.keypad.move(key)
        else:
            self.row = (self.row + (1 if key in {"Down", "Right"} else -1)) % self._rows()

    def _select(self, now: float) -> None:
        if self.screen == "guide":
            self._zap(self.row, now)
        elif self.screen == "search":
            if self.keypad.select():
                self._show("live")
        elif self.screen == "home":
            choice = APPS[self.row]
            if choice == "Films":
                self.screen, self.loading_until = "app", now + LOADING_SECONDS
            else:
                self._show({"Live TV": "live", "Guide": "guide", "Settings": "settings"}[choice])

    def _zap(self, channel: int, now: float) -> None:
        self.channel = channel % len(CHANNELS)
        self.screen = "live"
        self.black_until = now + self.black_seconds
        self.banner_until = self.black_until + BANNER_SECONDS

    def _type(self, text: str, now: float) -> None:
        self.typed += text
        if self.screen == "live" and text.isdigit() and 1 <= int(text) <= len(CHANNELS):
            self._zap(int(text) - 1, now)

    def _sound(self, key: str) -> None:
        if key == "VolumeMute":
            self.muted = not self.muted
        else:
            self.volume = min(10, max(0, self.volume + (1 if key == "VolumeUp" else -1)))
