"""The ecp controller: against a virtual box, against peers that go wrong, and against a foreign Roku."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import pytest
from boxes import Bench, running
from peer import answering, free_port
from until import until
from virtualpytest_host.controllers.ecp import Ecp

from pytest_virtualpytest.capabilities import Holds, Remote, Types
from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.key import Key

NOT_ON_A_ROKU = {Key.PAUSE, Key.STOP}


@pytest.fixture(scope="module")
def box() -> Iterator[Bench]:
    """Give a box."""
    with running("driven") as bench:
        yield bench


@pytest.fixture
def remote(box: Bench) -> Iterator[Ecp]:
    """Give a remote of the box."""
    box.rest()
    with opened(Ecp(f"http://127.0.0.1:{box.port('keys')}", timeout=5)) as remote:
        yield remote
    box.clear()


@contextlib.contextmanager
def opened(remote: Ecp) -> Iterator[Ecp]:
    """Open *remote*, and close it in the end."""
    remote.open()
    try:
        yield remote
    finally:
        remote.close()


def told(remote: Ecp, key: str = "OK") -> str:
    """Return what *remote* complains of when a key is pressed."""
    with opened(remote), pytest.raises(DeviceError) as caught:
        remote.press(key)
    return str(caught.value)


def test_it_is_a_remote_that_holds_and_types() -> None:
    remote = Ecp("http://box")

    assert all(isinstance(remote, capability) for capability in (Remote, Holds, Types))


def test_every_key_reaches_the_box(box: Bench, remote: Ecp) -> None:
    begin = time.monotonic()
    keys = [key for key in Key if key not in {*NOT_ON_A_ROKU, Key.POWER}]

    for key in keys:
        remote.press(key)

    assert len(box.events("key", begin)) == len(keys)


@pytest.mark.parametrize(
    ("key", "name"),
    [("OK", "Select"), ("CHANNEL_UP", "ChannelUp"), ("5", "Lit_5"), ("FAST_FORWARD", "Fwd"), ("MUTE", "VolumeMute")],
)
def test_key_has_rokus_name(key: str, name: str) -> None:
    with answering() as peer, opened(Ecp(peer.url)) as remote:
        remote.press(key)

    assert peer.asked == [f"POST /keypress/{name}"]


def test_key_is_down_for_as_long_as_it_is_held(box: Bench, remote: Ecp) -> None:
    begin = time.monotonic()

    remote.hold("DOWN", 0.5)

    down, up = box.events("key", begin)
    assert (down["key"], down["action"], up["key"], up["action"]) == ("Down", "down", "Down", "up")
    assert 0.5 <= up["at"] - down["at"] < 1.5


def test_held_key_repeats(box: Bench, remote: Ecp) -> None:
    remote.press("MENU")
    until(lambda: box.shown() == "settings:0")

    remote.hold("DOWN", 0.75)

    until(lambda: box.shown() >= "settings:3")


def test_text_of_any_script_is_entered_one_character_after_the_other(box: Bench, remote: Ecp) -> None:
    begin = time.monotonic()
    remote.press("MENU")

    remote.type("a é/你?%€+")

    typed = [event["key"] for event in box.events("key", begin)][1:]
    assert typed == [f"Lit_{character}" for character in "a é/你?%€+"]


def test_unknown_key_lists_the_keys_and_sends_nothing() -> None:
    with answering() as peer, opened(Ecp(peer.url)) as remote:
        with pytest.raises(DeviceError) as caught:
            remote.press("HDMI 9")
        with pytest.raises(DeviceError):
            remote.hold("HDMI 9", 1)

    assert str(caught.value) == (
        "ecp: unknown key 'HDMI 9'; keys: UP, DOWN, LEFT, RIGHT, OK, BACK, HOME, MENU, GUIDE, INFO, POWER, POWER_ON, "
        "POWER_OFF, CHANNEL_UP, CHANNEL_DOWN, VOLUME_UP, VOLUME_DOWN, MUTE, PLAY, REWIND, FAST_FORWARD, REPLAY, "
        "SEARCH, ENTER, BACKSPACE, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    )
    assert peer.asked == []


def test_refused_connection_names_the_address() -> None:
    port = free_port()

    message = told(Ecp(f"http://127.0.0.1:{port}"))

    assert message == f"http://127.0.0.1:{port}: [Errno 111] Connection refused; is the device on, and the url right?"


def test_box_that_refuses_from_now_on_is_an_error(box: Bench, remote: Ecp) -> None:
    remote.press("INFO")
    box.fault("refuse")
    until(lambda: refused(remote))

    with pytest.raises(DeviceError, match=r"^http://127\.0\.0\.1:\d+: \[Errno 111\] Connection refused; is the "):
        remote.press("INFO")


def test_device_in_use_by_another_remote_says_whose(box: Bench, remote: Ecp) -> None:
    with box.client("keys") as other:
        other.press("Info")

        with pytest.raises(DeviceError) as caught:
            remote.press("OK")

    assert str(caught.value).startswith(f"http://127.0.0.1:{box.port('keys')}: in use by 127.0.0.1:")
    assert str(caught.value).endswith("; only one remote at a time may use it")


def test_busy_device_that_says_no_more() -> None:
    with answering(503) as peer:
        message = told(Ecp(peer.url))

    assert message == f"{peer.url}: busy; only one remote at a time may use it"


def test_device_that_forbids_control_says_what_to_allow() -> None:
    with answering(403) as peer:
        message = told(Ecp(peer.url))

    assert message == f"{peer.url}: HTTP 403 for /keypress/Select; a Roku must allow control by apps"


def test_slow_device_is_waited_for(box: Bench, remote: Ecp) -> None:
    box.fault("slow_key", amount=0.5)
    begin = time.monotonic()

    remote.press("INFO")

    assert time.monotonic() - begin >= 0.5


def test_device_that_is_too_slow_is_an_error_and_the_key_is_not_sent_again() -> None:
    with answering(mute=True) as peer:
        message = told(Ecp(peer.url, timeout=0.3))

    assert message == f"{peer.url}: no answer to /keypress/Select within 0.3 s; is the device well?"
    assert peer.asked == ["POST /keypress/Select"]


def test_device_that_recovers_takes_keys_again(box: Bench) -> None:
    box.rest()
    with opened(Ecp(f"http://127.0.0.1:{box.port('keys')}", timeout=0.5)) as remote:
        box.fault("hang")
        with pytest.raises(DeviceError, match="no answer"):
            remote.press("INFO")
        box.clear()

        until(lambda: works(remote))


def test_held_key_goes_up_though_the_hold_is_broken_off() -> None:
    with answering() as peer, opened(Ecp(peer.url)) as remote, pytest.raises(ValueError, match="non-negative"):
        remote.hold("DOWN", -1)

    assert peer.asked == ["POST /keydown/Down", "POST /keyup/Down"]


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://192.0.2.7:8060", "192.0.2.7:8060"),
        ("http://ROKU:8060/", "roku:8060"),
        ("http://ann:secret@roku:8060", "roku:8060"),
        ("http://roku", "roku:80"),
        ("https://roku", "roku:443"),
    ],
)
def test_it_holds_the_address_however_that_is_written(url: str, place: str) -> None:
    remote = Ecp(url)

    assert remote.resources() == [place]


@pytest.mark.parametrize("url", ["192.0.2.7", "roku:8060", "http://", "http://roku:many", "ftp://roku", ""])
def test_url_that_is_none_says_what_one_looks_like(url: str) -> None:
    with pytest.raises(DeviceError) as caught:
        Ecp(url).open()

    assert str(caught.value) == f"ecp: url {url!r} is no web address; wanted one such as 'http://192.0.2.7'"


def test_account_in_the_url_is_in_no_message() -> None:
    port = free_port()
    remote = Ecp(f"http://ann:hunter2@127.0.0.1:{port}")

    message = told(remote)

    assert message.startswith(f"http://127.0.0.1:{port}: ")
    assert "hunter2" not in message + repr(remote)


def test_closing_twice_is_no_error() -> None:
    remote = Ecp("http://192.0.2.7:8060")
    remote.open()

    remote.close()
    remote.close()


def refused(remote: Ecp) -> bool:
    """Tell whether a key is refused at the socket."""
    try:
        remote.press("INFO")
    except DeviceError as error:
        return "refused" in str(error)
    return False


def works(remote: Ecp) -> bool:
    """Tell whether a key is taken."""
    with contextlib.suppress(DeviceError):
        remote.press("INFO")
        return True
    return False
