"""Judge every frame in the background, for `screen.never`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from pytest_virtualpytest import targets
from pytest_virtualpytest.capabilities import Source
from pytest_virtualpytest.exceptions import CaptureError, Seen, VirtualPytestError
from pytest_virtualpytest.models import Sighting
from virtualpytest_host.picture import Picture
from virtualpytest_host.placeholder import Placeholders
from virtualpytest_host.player import Player
from virtualpytest_host.recording import Recording
from virtualpytest_host.vision.judge import Judge

_END_SECONDS = 5.0


class Watch(threading.Thread):
    """A thread with its own player; it judges every frame from *since* until it is stopped."""

    def __init__(
        self, source: Source, wanted: list[Mapping[str, Any]], references: Callable[[str], bytes], since: float
    ) -> None:
        super().__init__(daemon=True, name="never")
        self._judges = [Judge(targets.from_wire(target), references) for target in wanted]
        self._recording = Recording(source)
        self._placeholders = Placeholders(source.placeholders)
        self._since = since
        self._until = float("inf")
        self._frames = 0
        self._hit: tuple[Sighting, Picture, Judge] | None = None
        self._error: VirtualPytestError | None = None
        self.start()

    def run(self) -> None:
        """Judge until a hit, a fault, or the end."""
        try:
            self._watch()
        except VirtualPytestError as error:
            self._error = error
        finally:
            self._recording.close()

    def stop(self, told: Callable[[Sighting], Sighting]) -> int:
        """Judge what was captured until now, and return the number of frames; raise what was found."""
        self._until = time.monotonic()
        self.join(_END_SECONDS)
        if self._hit is not None:
            seen, picture, judge = self._hit
            ago = self._until - seen.captured
            message = f"{seen.target} was seen, {ago:.1f} s before the end; it must never show"
            drawn = {"annotated": judge.annotated(picture, seen), "frame": picture.png()}
            raise Seen(message, details={"sighting": told(seen).to_wire()}, pictures=drawn)
        if self._error is not None:
            raise self._error
        if not self._frames:
            raise CaptureError("no frame was captured meanwhile")
        return self._frames

    def close(self) -> None:
        """Stop without a verdict."""
        self._until = 0.0
        self.join(_END_SECONDS)

    def _watch(self) -> None:
        player = Player(self._recording, self._since)
        while True:
            picture = player.next(min(time.monotonic() + 0.2, self._until + 0.2))
            if picture is None or picture.captured > self._until:
                if time.monotonic() >= self._until:
                    return
                continue
            self._placeholders.refuse(picture)
            self._frames += 1
            for judge in self._judges:
                if seen := judge.see(picture):
                    self._hit = (seen, picture, judge)
                    return
