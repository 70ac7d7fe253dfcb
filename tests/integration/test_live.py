"""Pictures for people: live and of the last seconds, from another agent than the holder's, without a lease."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
from until import until

from pytest_virtualpytest import config
from pytest_virtualpytest.exceptions import CaptureError
from pytest_virtualpytest.gateway import Gateways
from pytest_virtualpytest.lab import Lab
from pytest_virtualpytest.wire import Call, Reply

Look = Callable[..., Reply]


@pytest.fixture(scope="module")
def lab(own_state: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give a lab with one virtual box, held by a test all along."""
    path = tmp_path_factory.mktemp("live") / "lab.toml"
    path.write_text('[devices.livebox]\nvirtual = "stb"\n')
    with contextlib.closing(Lab(config.load([path]))) as lab, lab.lease(device="livebox") as device:
        device.remote.press("BACK")
        device.screen.frame()
        yield lab


@pytest.fixture(scope="module")
def look(lab: Lab) -> Iterator[Look]:
    """Give calls of somebody else, who holds nothing."""
    with contextlib.closing(Gateways(lab.config.hosts)) as gateways:
        gateway = gateways.of("local")
        gateway.attach(lab.config.devices["livebox"].spec())
        yield lambda method, **args: gateway.call(Call(f"screen.{method}", "livebox", args, deadline=20))


def picture(reply: Reply) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return the picture in *reply*, decoded."""
    return cv2.imdecode(np.frombuffer(reply.blobs[0], np.uint8), cv2.IMREAD_COLOR)  # type: ignore[return-value]


def test_each_live_picture_is_newer_than_the_one_before_and_as_wide_as_asked(look: Look) -> None:
    captured, seen = 0.0, list[float]()
    for _ in range(12):
        reply = look("live", width=480, after=captured)
        captured = reply.value["captured"]
        seen.append(captured)

    assert seen == sorted(set(seen))
    assert picture(reply).shape == (270, 480, 3)
    assert (reply.value["width"], reply.value["height"]) == (1280, 720)
    assert 0 <= reply.value["age"] < 2


def test_a_picture_is_never_larger_than_the_device_s(look: Look) -> None:
    assert picture(look("live", width=4000)).shape == (720, 1280, 3)


def test_key_frames_stand_for_now_on_a_wall(look: Look) -> None:
    first = look("live", width=320, key=True)
    captured = first.value["captured"]

    until(lambda: look("live", width=320, key=True, after=captured).blobs)
    later = look("live", width=320, key=True)

    assert picture(first).shape == (180, 320, 3)
    assert later.value["captured"] > captured


def test_the_past_is_there_as_moments_and_each_as_a_picture(look: Look) -> None:
    until(lambda: len(look("past", seconds=30, every=0.5).value["moments"]) >= 4)
    told = look("past", seconds=30, every=0.5).value
    moments = told["moments"]

    stills = [look("still", captured=moment, width=320) for moment in moments[-3:]]

    assert all(later - earlier >= 0.5 for earlier, later in itertools.pairwise(moments))
    assert moments[-1] <= told["now"]
    assert [still.value["captured"] for still in stills] == pytest.approx(moments[-3:], abs=0.001)
    assert all(picture(still).shape == (180, 320, 3) for still in stills)


def test_a_picture_that_is_overwritten_is_told(look: Look) -> None:
    with pytest.raises(CaptureError, match="ago, but the re"):
        look("still", captured=time.monotonic() - 3600, width=320)


def test_a_key_of_the_holder_is_seen_by_who_watches_and_the_lease_goes_on(lab: Lab, look: Look) -> None:
    [device] = lab._held.values()
    before = picture(look("live", width=320)).astype(int)
    press = device.remote.press("GUIDE")

    def changed() -> bool:
        reply = look("live", width=320, after=press.after)
        return bool(reply.blobs) and float(np.abs(picture(reply).astype(int) - before).mean()) > 20

    until(changed)
    device.remote.press("BACK")


def test_a_device_tells_the_keys_of_its_remote_before_it_is_opened(lab: Lab) -> None:
    with contextlib.closing(Gateways(lab.config.hosts)) as gateways:
        told = gateways.of("local").attach(lab.config.devices["livebox"].spec())

    assert {"OK", "CHANNEL_UP", "GUIDE"} <= set(told["keys"])
    assert told["types"] is True
