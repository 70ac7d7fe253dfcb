"""A phone's screen through the recorder: as true as its own film, and told from one that has died."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import recorders
from phones import SETTINGS, Phone
from until import until
from virtualpytest_host.android import film
from virtualpytest_host.controllers.adb import Adb
from virtualpytest_host.stream import Stream

from pytest_virtualpytest.exceptions import CaptureError


@pytest.fixture
def own_key(tmp_path: Path) -> Path:
    """Give a key that the phone has not seen in another test."""
    return tmp_path / "adbkey"


@pytest.fixture
def stream(adb: Adb) -> Iterator[Stream]:
    """Give its screen."""
    with contextlib.closing(Stream(adb.stream())) as stream:
        yield stream


def feeders(address: str) -> list[str]:
    """Return the processes that send the screen of the phone at *address*."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().split(b"\0")
            found += [path.parent.name] if film.__name__.encode() in words and address.encode() in words else []
    return found


def brightness(stream: Stream) -> float:
    picture = next(stream.frames(None, lambda: time.monotonic() + 3))
    return float(np.mean(picture.bgr()))


def test_change_is_captured_when_it_was_shown(phone: Phone, adb: Adb, stream: Stream) -> None:
    stream.warm()
    before = brightness(stream)
    begin = time.monotonic()

    adb.launch(SETTINGS)
    changed = next(
        picture for picture in stream.frames(begin, lambda: begin + 5) if abs(np.mean(picture.bgr()) - before) > 1
    )

    shown = phone.events("screen", begin)[0]["at"]
    assert 0 <= changed.captured - shown < 0.5


def test_still_screen_goes_on(stream: Stream) -> None:
    stream.warm()
    begin = time.monotonic()

    pictures = list(stream.frames(begin, lambda: begin + 1))

    assert len(pictures) > 10


def test_hung_phone_is_no_still_screen(phone: Phone, stream: Stream) -> None:
    stream.warm()
    phone.fault("hang")

    with pytest.raises(CaptureError) as caught:
        list(stream.frames(None, lambda: time.monotonic() + 20))
    phone.clear()

    assert "no picture from adb://" in caught.value.message
    until(lambda: works(stream))


def test_phone_that_cannot_record_its_screen_is_asked_for_pictures(phone: Phone, stream: Stream) -> None:
    phone.fault("no_screenrecord")

    stream.warm()

    assert brightness(stream) > 5


def test_phone_that_does_not_know_the_key_is_named(phone: Phone, stream: Stream) -> None:
    phone.fault("reject")

    with pytest.raises(CaptureError, match="it does not know the key"):
        until(lambda: works(stream, patient=False))


def test_feeder_ends_with_its_recorder(phone: Phone, stream: Stream) -> None:
    stream.warm()
    assert feeders(phone.address)

    recorders.kill(stream.source)

    until(lambda: not feeders(phone.address))


def works(stream: Stream, *, patient: bool = True) -> bool:
    """Tell whether there is a picture."""
    with contextlib.suppress(*([CaptureError] if patient else [])):
        stream.warm()
        return True
    return False
