"""The infrared controller: LIRC's own daemon, read by what its emitter has sent."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from lircds import CONF, GAP, Lircd, nec, running
from peer import free_port
from until import until
from virtualpytest_host import testing
from virtualpytest_host.controllers.infrared import Infrared

from pytest_virtualpytest.capabilities import Holds, Keyed, Remote
from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.infrared import lircconf, pronto
from pytest_virtualpytest.key import Key

OK, GUIDE = nec(0x20DF22DD), nec(0x20DFD52A)
REPEATED = [9000, 2250, 560]


class TestInfrared(testing.Controllers, testing.Remotes, testing.Absent):
    @pytest.fixture
    def controller(self, remote: Infrared) -> Infrared:
        return remote

    @pytest.fixture
    def absent(self, tmp_path: Path) -> Infrared:
        return Infrared("horizon", str(tmp_path / "nobody"))


def told(remote: Infrared, key: str = "OK") -> str:
    """Return what *remote* complains of when a key is pressed."""
    with pytest.raises(DeviceError) as caught:
        remote.press(key)
    return caught.value.message


def test_it_is_a_remote_that_holds_and_tells_its_keys(remote: Infrared) -> None:
    assert isinstance(remote, Remote)
    assert isinstance(remote, Holds)
    assert isinstance(remote, Keyed)
    assert list(remote.keys()) == ["OK", "GUIDE", "POWER", "CHANNEL_UP", "1", "Teletext"]


@pytest.mark.parametrize(
    ("key", "frame"), [("OK", OK), (Key.GUIDE, GUIDE), ("KEY_OK", OK), ("Teletext", nec(0x20DF04FB))]
)
def test_what_is_sent_is_the_code_in_pulses_and_spaces(
    lircd: Lircd, remote: Infrared, key: str, frame: list[int]
) -> None:
    remote.press(key)

    assert lircd.frames() == [frame]


def test_press_is_repeated_as_often_as_it_is_set(lircd: Lircd) -> None:
    began = time.monotonic()
    Infrared("horizon", lircd.socket, repeats=3).press("OK")

    assert lircd.frames() == [OK, REPEATED, REPEATED, REPEATED]
    assert time.monotonic() - began >= 2 * GAP


def test_key_that_is_held_is_repeated_at_the_remotes_own_pace(lircd: Lircd, remote: Infrared) -> None:
    began = time.monotonic()
    remote.hold("OK", 1.2)
    took = time.monotonic() - began

    frames = lircd.frames()
    assert frames[0] == OK
    assert set(map(tuple, frames[1:])) == {tuple(REPEATED)}
    assert took >= 1.2
    assert 1.2 / GAP - 2 <= len(frames) <= took / GAP + 3
    time.sleep(3 * GAP)
    assert len(lircd.frames()) == len(frames)


def test_names_of_ones_own_are_for_keys_that_are_called_otherwise(lircd: Lircd) -> None:
    remote = Infrared("horizon", lircd.socket, names={"INFO": "Teletext"})

    remote.press("INFO")

    assert lircd.frames() == [nec(0x20DF04FB)]
    assert "INFO" in list(remote.keys())


def test_key_that_it_lacks_is_an_error_that_lists_what_it_has(remote: Infrared) -> None:
    message = told(remote, "MUTE")

    assert message == (
        "infrared: horizon has no key 'MUTE'; keys: OK, GUIDE, POWER, CHANNEL_UP, 1, Teletext"
    )


@pytest.mark.parametrize("key", ["OK 600", "OK\nSEND_ONCE tv KEY_POWER", "", "KEY_OK\x00", *testing.HOSTILE])
def test_no_key_can_be_another_command(lircd: Lircd, remote: Infrared, key: str) -> None:
    assert "has no key" in told(remote, key)
    assert not (lircd.folder / "sent").read_text()


@pytest.mark.parametrize("codes", ["", "tv KEY_POWER", "tv\nLIST", "tv\x00"])
def test_name_of_codes_that_cannot_be_one_is_refused(codes: str) -> None:
    with pytest.raises(DeviceError, match="is no name of lircd's"):
        Infrared(codes)


@pytest.mark.parametrize("emitter", [0, -1, 33])
def test_emitters_are_counted_from_one(emitter: int) -> None:
    with pytest.raises(DeviceError, match="they are counted from 1"):
        Infrared("tv", emitters=[emitter])


def test_remote_that_lircd_does_not_know(lircd: Lircd) -> None:
    remote = Infrared("samsung", lircd.socket)

    with pytest.raises(DeviceError) as caught:
        remote.open()

    assert caught.value.message == f'{lircd.socket}: LIST samsung: unknown remote: "samsung"'
    assert remote.keys() == []


def test_configuration_that_is_read_anew_gives_new_keys(lircd: Lircd, remote: Infrared) -> None:
    remote.open()
    conf = lircd.folder / "lircd.conf"
    conf.write_text(conf.read_text().replace("Teletext", "KEY_MUTE"))
    assert lircd.process is not None
    lircd.process.send_signal(signal.SIGHUP)

    until(lambda: "MUTE" in list(Infrared("horizon", lircd.socket).keys()))
    remote.press("MUTE")

    assert lircd.frames() == [nec(0x20DF04FB)]


def _pronto(frame: list[int], gap: int, repeated: tuple[int, ...]) -> str:
    lengths = [*frame, gap, *repeated]
    head = [0, 0x6D, (len(frame) + 1) // 2, len(repeated) // 2]
    return " ".join(f"{word:04X}" for word in [*head, *(round(length / (0x6D * 0.241246)) for length in lengths)])


def test_imported_codes_are_sent_as_they_were_and_repeated_as_they_say(tmp_path: Path) -> None:
    again = (9000, 2250, 560, 96_190)
    text = "".join(
        f"{key}: {_pronto(frame, 108_000 - sum(frame), again)}\n"
        for key, frame in {"OK": OK, "GUIDE": GUIDE, "POWER": nec(0x20DF10EF)}.items()
    )
    with running(tmp_path, lircconf.written("box", pronto.read(text, "box"))) as lircd:
        remote = Infrared("box", lircd.socket)

        remote.press("OK")
        remote.press("GUIDE")
        remote.hold("POWER", 0.5)

    frames = lircd.frames()
    wanted = [OK, GUIDE, nec(0x20DF10EF)]
    assert list(remote.keys()) == []
    assert [len(frame) for frame in frames[:3]] == [67, 67, 67]
    for frame, true in zip(frames, [*wanted, *[REPEATED] * 20], strict=False):
        assert frame == pytest.approx(true, abs=14)  # half a period of the carrier
    assert 3 <= len(frames[3:]) <= 12


def test_imported_microseconds_are_sent_to_the_microsecond(tmp_path: Path) -> None:
    text = "OK: +9001 -4503 +563 -1687 +561\nUP: 2400 601 1201 30000\n"
    with running(tmp_path, lircconf.written("box", pronto.read(text, "box"))) as lircd:
        Infrared("box", lircd.socket).press("OK")
        Infrared("box", lircd.socket).press("UP")

    assert lircd.frames() == [[9001, 4503, 563, 1687, 561], [2400, 601, 1201]]


def test_daemon_that_listens_on_the_network_is_asked_there(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, CONF, f"--listen=127.0.0.1:{port}") as lircd:
        remote = Infrared("horizon", f"127.0.0.1:{port}")

        remote.press("OK")

    assert lircd.frames() == [OK]
    assert told(remote).startswith(f"127.0.0.1:{port}: Connection refused; is lircd running")
