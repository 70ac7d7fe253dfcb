"""The programs that stand for a person's hand and eye: input, screencap, screenrecord, uiautomator, wm."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Sequence

import cv2

from virtualpytest_host.virtual.phone import film, views
from virtualpytest_host.virtual.phone.device import Device
from virtualpytest_host.virtual.phone.glass import KEYS
from virtualpytest_host.virtual.phone.sh import Program, Run, encoded

KEYBOARD = "com.android.adbkeyboard"  # the app through which other tools type what `input text` cannot
_CODES = {code: name for name, code in KEYS.items()}
_SOURCES = {"touchscreen", "keyboard", "dpad", "touchpad", "mouse", "gamepad"}
_DUMP = "/sdcard/window_dump.xml"
_drawn: list[tuple[int, int]] = []  # where a finger that is down has been


def _input(run: Run) -> int:
    words = run.words[2:] if run.words[1:2] and run.words[1] in _SOURCES else run.words[1:]
    does = _INPUTS.get(words[0]) if words else None
    if does is None:
        return run.complain("Error: Unknown command: " + " ".join(words[:1]), 255)
    try:
        return does(run, run.shell.device, words[1:])
    except (ValueError, IndexError):
        return run.complain(f"Error: Invalid arguments for command: {words[0]}", 255)


def _tap(_run: Run, phone: Device, words: Sequence[str]) -> int:
    phone.glass.tap(round(float(words[0])), round(float(words[1])))
    return 0


def _swipe(_run: Run, phone: Device, words: Sequence[str]) -> int:
    x1, y1, x2, y2 = (round(float(word)) for word in words[:4])
    threading.Event().wait(float(words[4]) / 1000 if len(words) > 4 else 0.3)
    phone.glass.swipe([(x1, y1), (x2, y2)])
    return 0


def _motion(_run: Run, phone: Device, words: Sequence[str]) -> int:
    if words[0] == "DOWN":
        _drawn.clear()
    _drawn.append((round(float(words[1])), round(float(words[2]))))
    if words[0] == "UP":
        phone.glass.swipe(list(_drawn))
    return 0


def _keys(run: Run, phone: Device, words: Sequence[str]) -> int:
    held = "--longpress" in words
    for word in words:
        name = word.removeprefix("KEYCODE_")
        name = _CODES.get(int(name), name) if name.isdecimal() else name
        if name in KEYS:
            phone.glass.key(name, held=held)
        elif not word.startswith("--"):
            return run.complain(f"Error: Invalid keycode: {word}", 255)
    return 0


def _text(run: Run, phone: Device, words: Sequence[str]) -> int:
    """Type what the phone's keys can: ``%s`` is a blank, and other scripts have no keys."""
    if not words[0].isascii():
        return run.complain("java.lang.NullPointerException: Attempt to get length of null array", 255)
    phone.glass.type(words[0].replace("%s", " "))
    return 0


_INPUTS: dict[str, Callable[[Run, Device, Sequence[str]], int]] = {
    "tap": _tap, "swipe": _swipe, "motionevent": _motion, "keyevent": _keys, "text": _text,
}  # fmt: skip


def typed(phone: Device, message: str) -> bool:
    """Type *message*, in base 64, if the keyboard that takes it so is installed and chosen."""
    if phone.handset.properties.get("ime", "").partition("/")[0] != KEYBOARD:
        return False
    phone.glass.type(base64.b64decode(message).decode())
    return True


def _screencap(run: Run) -> int:
    _, picture = run.shell.device.glass.picture()
    data = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()
    names = [word for word in run.words[1:] if not word.startswith("-")]
    if names:
        run.shell.storage.write(names[0], data)
    else:
        run.out(data)
    return 0


def _screenrecord(run: Run) -> int:
    phone: Device = run.shell.device
    if phone.faults.on("no_screenrecord"):
        return run.complain("sh: screenrecord: inaccessible or not found", 127)
    if "--output-format=h264" not in run.words or run.words[-1] != "-":
        return run.complain("ERROR: only --output-format=h264 to - is known here")
    limit = 180.0
    if "--time-limit" in run.words:
        limit = float(run.words[run.words.index("--time-limit") + 1]) or float("inf")
    film.record(phone, run.out, time.monotonic() + limit)
    return 0


def _uiautomator(run: Run) -> int:
    if run.words[1:2] != ["dump"]:
        return run.complain("Error: only dump is known here")
    phone: Device = run.shell.device
    if not phone.handset.booted or not phone.handset.awake:
        return run.complain("ERROR: null root node returned by UiTestAutomationBridge.")
    name = next((word for word in run.words[2:] if not word.startswith("-")), _DUMP)
    app = phone.handset.front
    data = encoded(views.described(phone.glass.tree(), app))
    run.out(data) if name == "/dev/tty" else run.shell.storage.write(name, data)
    run.say(f"UI hierchary dumped to: {name}")
    return 0


def _wm(run: Run) -> int:
    answers = {"size": f"Physical size: {views.WIDTH}x{views.HEIGHT}", "density": "Physical density: 320"}
    if run.words[1:2] and run.words[1] in answers:
        run.say(answers[run.words[1]])
        return 0
    return run.complain("wm: size or density", 255)


PROGRAMS: dict[str, Program] = {
    "input": _input, "screencap": _screencap, "screenrecord": _screenrecord, "uiautomator": _uiautomator, "wm": _wm,
}  # fmt: skip
