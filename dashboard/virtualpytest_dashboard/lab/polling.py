"""Ask again and again, in a thread, for as long as somebody wants to know."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Found = TypeVar("Found")
IDLE = 20.0  # seconds without interest after which nobody is asked any more


class Poll(Generic[Found]):
    """What *ask* last returned, *first* until it has; it is called *every* so many seconds while there is interest.

    The thread starts with the first interest, and calls *rest* when it ends for want of it.
    """

    def __init__(
        self, ask: Callable[[], Found], first: Found, every: float, rest: Callable[[], None] = lambda: None
    ) -> None:
        self._ask, self._every, self._rest = ask, every, rest
        self._last = first
        self._wanted = 0.0
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def last(self) -> Found:
        """What was found last; to read it is no interest."""
        return self._last

    def value(self) -> Found:
        """Return what was found last, at once, and have it asked for again."""
        with self._lock:
            self._wanted = time.monotonic()
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, daemon=True, name="lab poll")
                self._thread.start()
        return self._last

    def close(self) -> None:
        """Ask no more; what is being asked is not waited for."""
        self._closed.set()

    def _run(self) -> None:
        while self._goes_on():
            while self._is_wanted():
                self._last = self._ask()
                self._closed.wait(self._every)
            self._rest()

    def _goes_on(self) -> bool:
        """Tell whether there is interest, also such as came while this was going to rest; else the thread ends."""
        with self._lock:
            if not self._is_wanted():
                self._thread = None
            return self._thread is not None

    def _is_wanted(self) -> bool:
        return not self._closed.is_set() and time.monotonic() - self._wanted < IDLE
