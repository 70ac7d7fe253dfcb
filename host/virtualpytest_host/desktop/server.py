"""The X server of a display: a connection that is made at its first use, and again after it broke.

What moves the pointer and presses keys is pyautogui, which knows one display for each process, from its import on:
so its connection is the one that everything here uses, and to bind it anew is to reload the module that has it.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import socket
import struct
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host import needs, xdisplay
from virtualpytest_host.desktop.watchdog import Watchdog

_HELLO = struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0)  # X11's connection setup, without a cookie
_UNUSED = ("mouseinfo", "pymsgbox", "pyscreeze", "pytweening")  # half a second of imports; one ends us without tkinter


class Server:
    """The X server of the display that *named* returns; what it does not answer in *timeout* seconds failed.

    *stirred* tells that windows may have come, gone or moved since it was last set to False.
    """

    def __init__(self, named: Callable[[], str], authority: Path | None, timeout: float) -> None:
        self._named, self._authority, self._timeout = named, authority, timeout
        self.stirred = True
        self._connection: Any = None  # ours; pyautogui has another one once another display has been used
        self._watchdog: Watchdog | None = None  # of our connection

    @contextlib.contextmanager
    def used(self, seconds: float = 0.0) -> Iterator[Any]:
        """Give pyautogui for what may take *seconds* beyond the time-out; DeviceError where the server is not well."""
        gui = self._alive()
        watchdog = self._watchdog
        assert watchdog is not None
        try:
            with _connected(), watchdog.limits(self._timeout + seconds):
                yield gui
        except ConnectionError as error:
            self.close()
            reason = f"no answer within {self._timeout:g} s; is its X server stopped?" if watchdog.cut else "has ended"
            raise DeviceError(f"display {self._named()}: {reason}") from error

    def environ(self) -> dict[str, str]:
        """Return the environment of a program that shall show itself here."""
        environ = {"LANG": "C.UTF-8", **os.environ, "DISPLAY": self._named()}
        return environ | ({"XAUTHORITY": str(self._authority)} if self._authority else {})

    def close(self) -> None:
        """Hang up."""
        ours, self._connection = self._connection, None
        if ours is not None:
            with contextlib.suppress(ConnectionError), _connected():
                ours.close()
            ours.display.socket.close()
        watchdog, self._watchdog = self._watchdog, None
        if watchdog is not None:
            watchdog.close()

    def _alive(self) -> Any:
        """Return pyautogui with a connection that is not known to be broken."""
        name = self._named()
        if self._connection is not None:
            try:
                with _connected():
                    self._hear()
            except ConnectionError:  # it has gone meanwhile
                self.close()
        gui = sys.modules.get("pyautogui")
        if self._connection is None or gui is None or connection(gui) is not self._connection:
            self.close()
            _greet(name, self._timeout)
            authorize(self._authority)
            gui = _bound(name)
            self._connection = connection(gui)
            self._watchdog = Watchdog(self._connection.display.socket, self._timeout)
            self._listen()
        return gui

    def _listen(self) -> None:
        """Have the server tell of its windows."""
        from Xlib import X

        self.stirred = True
        self._connection.screen().root.change_attributes(event_mask=X.SubstructureNotifyMask)

    def _hear(self) -> None:
        """Take what the server has told meanwhile."""
        from Xlib import X

        while self._connection.pending_events():
            self.stirred |= self._connection.next_event().type != X.MappingNotify


def connection(gui: Any) -> Any:
    """Return the connection that pyautogui has."""
    return gui.platformModule._display  # noqa: SLF001  # it gives no other way to it


def authorize(authority: Path | None) -> None:
    """Have this process, and the recorder that it starts, show the cookies in the file *authority* to X servers."""
    if authority is not None:
        os.environ["XAUTHORITY"] = str(authority.expanduser())
    elif "XAUTHORITY" not in os.environ and not Path("~/.Xauthority").expanduser().exists():
        os.environ["XAUTHORITY"] = os.devnull  # pyautogui's X library fails without a file


def _greet(name: str, seconds: float) -> None:
    """Wait for a word of the server of display *name*, any word; DeviceError if there is none."""
    family, address = xdisplay.address(name)
    with socket.socket(family) as probe:
        probe.settimeout(seconds)
        try:
            probe.connect(address)
            probe.sendall(_HELLO)
            said = probe.recv(1)
        except TimeoutError as error:
            raise DeviceError(f"display {name}: no answer within {seconds:g} s; is its X server stopped?") from error
        except OSError as error:
            there = ", ".join(sorted(f":{path.name[1:]}" for path in xdisplay.SOCKETS.glob("X*"))) or "none"
            raise DeviceError(f"display {name}: no X server ({error.strerror}); displays here: {there}") from error
    if not said:
        raise DeviceError(f"display {name}: its X server has hung up")


def _bound(name: str) -> Any:
    """Return pyautogui, bound to the display *name*."""
    os.environ["DISPLAY"] = name
    with needs.extra("the desktop controller", "desktop"), _hidden(*_UNUSED), warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # python3-xlib leaves its cookie file to the collector
        from Xlib import error

        known = "pyautogui" in sys.modules
        try:
            import pyautogui

            if known:
                importlib.reload(pyautogui.platformModule)
        except (error.DisplayError, error.XauthError) as refused:
            how = "set authority to the Xauthority file of who is logged in"
            raise DeviceError(f"display {name}: {' '.join(str(refused).split())}; {how}") from refused
    pyautogui.PAUSE, pyautogui.FAILSAFE = 0, False  # a tenth of a second after each call; an error in a corner
    connection(pyautogui).set_error_handler(lambda *_: None)  # of windows that have just gone
    return pyautogui


@contextlib.contextmanager
def _hidden(*names: str) -> Iterator[None]:
    """Let nobody import the modules *names* while the block runs."""
    absent: dict[str, Any] = {name: None for name in names if name not in sys.modules}
    sys.modules.update(absent)
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


@contextlib.contextmanager
def _connected() -> Iterator[None]:
    """Turn what the X library raises when its connection breaks into a ConnectionError."""
    from Xlib import error

    try:
        yield
    except (error.ConnectionClosedError, OSError) as lost:
        raise ConnectionError(str(lost)) from lost
    except TypeError as lost:
        if not isinstance(lost.__context__, OSError):
            raise
        raise ConnectionError(str(lost.__context__)) from lost  # python3-xlib fails to word it
