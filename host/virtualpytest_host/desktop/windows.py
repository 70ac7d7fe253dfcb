"""The windows of an X display, with a window manager or without."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.models import Region

_TITLES = ("_NET_WM_NAME", "WM_NAME")
ACTIVATED = 3.0  # seconds for a window manager to bring a window to the front
_TURN, _AGAIN = 0.02, 0.5
_LONGEST = 1 << 14  # words of four bytes that are read of a property


def shown(connection: Any) -> Iterator[Any]:
    """Yield the windows of programs that are on screen, the one in front first."""
    from Xlib import X, error

    root = connection.screen().root
    for window in _stacked(connection, root):
        with contextlib.suppress(error.XError):  # it has just gone
            attributes = window.get_attributes()
            if attributes.map_state == X.IsViewable and not attributes.override_redirect and _named(connection, window):
                yield window


def title(connection: Any, window: Any) -> str:
    """Return what *window* says in its bar, "" if nothing."""
    return next((found.decode(errors="replace") for name in _TITLES if (found := _text(connection, window, name))), "")


def program(connection: Any, window: Any) -> tuple[int, str]:
    """Return the process of *window*, 0 where it does not tell, and the class that it gives itself."""
    number = _property(connection, window, "_NET_WM_PID")
    words = _text(connection, window, "WM_CLASS").decode(errors="replace").split("\0")
    return int(number[0]) if len(number) else 0, words[1] if len(words) > 1 else words[0]


def region(connection: Any, window: Any) -> Region:
    """Return where *window* is on the screen."""
    size = window.get_geometry()
    place = connection.screen().root.translate_coords(window, 0, 0)
    return Region(place.x, place.y, size.width, size.height)


def bring_to_front(connection: Any, window: Any) -> None:
    """Have *window* before all others, with the keyboard; DeviceError where a window manager does not do it."""
    from Xlib import X

    if _managed(connection):
        _activate(connection, window)
    else:
        window.configure(stack_mode=X.Above)
        window.set_input_focus(X.RevertToPointerRoot, X.CurrentTime)
        connection.sync()


def attend(connection: Any) -> None:
    """Give the keyboard to the window in front, as a window manager would; nothing where there is one."""
    from Xlib import X, error

    if _managed(connection):
        return
    front = next(shown(connection), None)
    if front is None:
        return
    with contextlib.suppress(error.XError):
        if not _within(connection.get_input_focus().focus, front):
            front.set_input_focus(X.RevertToPointerRoot, X.CurrentTime)
            connection.sync()


def _activate(connection: Any, window: Any) -> None:
    """Have the window manager bring *window* to the front: a program that is just starting may come before it again."""
    end = time.monotonic() + ACTIVATED
    while time.monotonic() < end:
        _ask_for(connection, window)
        if _comes(connection, window, min(end, time.monotonic() + _AGAIN)):
            return
    what = title(connection, window)
    raise DeviceError(f"desktop: the window manager did not bring {what!r} to the front in {ACTIVATED:g} s")


def _ask_for(connection: Any, window: Any) -> None:
    """Ask the window manager for *window* (Extended Window Manager Hints)."""
    from Xlib import X
    from Xlib.protocol import event

    told = (32, [2, X.CurrentTime, 0, 0, 0])  # 2: on behalf of a person
    message = event.ClientMessage(window=window, client_type=_atom(connection, "_NET_ACTIVE_WINDOW"), data=told)
    mask = X.SubstructureRedirectMask | X.SubstructureNotifyMask
    connection.screen().root.send_event(message, event_mask=mask)


def _comes(connection: Any, window: Any, end: float) -> bool:
    """Tell whether *window* is the active one, with the keyboard, before *end*."""
    while time.monotonic() < end:
        active = _property(connection, connection.screen().root, "_NET_ACTIVE_WINDOW")
        if window.id in active and _within(connection.get_input_focus().focus, window):
            return True
        time.sleep(_TURN)
    return False


def _within(window: Any, outer: Any) -> bool:
    """Tell whether *window*, a number where it is none, is *outer* or inside of it."""
    while not isinstance(window, int) and window:
        if window.id == outer.id:
            return True
        window = window.query_tree().parent
    return False


def _stacked(connection: Any, root: Any) -> list[Any]:
    """Return the windows of programs from front to back."""
    listed = _property(connection, root, "_NET_CLIENT_LIST_STACKING")
    if not len(listed):
        return list(reversed(root.query_tree().children))
    active = _property(connection, root, "_NET_ACTIVE_WINDOW")
    front = [number for number in listed if number in active]
    behind = [number for number in reversed(listed) if number not in active]
    return [connection.create_resource_object("window", number) for number in [*front, *behind]]


def _managed(connection: Any) -> bool:
    return bool(len(_property(connection, connection.screen().root, "_NET_SUPPORTING_WM_CHECK")))


def _named(connection: Any, window: Any) -> bool:
    return any(_text(connection, window, name) for name in ("WM_CLASS", *_TITLES))


def _property(connection: Any, window: Any, name: str) -> Sequence[Any]:
    from Xlib import X

    found = window.get_property(_atom(connection, name), X.AnyPropertyType, 0, _LONGEST)
    return found.value if found else ()


def _text(connection: Any, window: Any, name: str) -> bytes:
    value = _property(connection, window, name)
    return value.encode() if isinstance(value, str) else bytes(value)  # python3-xlib reads UTF-8 where it can


def _atom(connection: Any, name: str) -> int:
    atom: int = connection.intern_atom(name)
    return atom
