"""Messages between client, agent and device process."""

from __future__ import annotations

import json

import pytest

from pytest_virtualpytest.exceptions import DeviceError, HostError, LeaseError, NotSeen
from pytest_virtualpytest.wire import (
    PROTOCOL,
    Call,
    Reply,
    agree,
    error_message,
    pack,
    parse_reply,
    unpack,
    unpack_error,
)


def test_call_survives_the_way() -> None:
    call = Call("screen.find", "stb1", {"target": {"kind": "black"}}, 7, 2.5, [b"\x00picture", b""])

    number, header, blobs = unpack(pack(call.message(3)))

    assert number == 3
    assert Call.parse((number, header, blobs)) == call


def test_message_number_may_be_large_or_negative() -> None:
    assert unpack(pack((-(2**40), "{}", [])))[0] == -(2**40)


def test_reply_tells_the_hosts_clock() -> None:
    reply = parse_reply(Reply({"found": True}, [b"png"], 81.2, 81.3).message(1))

    assert reply == Reply({"found": True}, [b"png"], 81.2, 81.3)


def test_reply_in_the_words_of_the_protocol_before() -> None:
    number, header, blobs = Reply("on", received=81.2, sent=81.3).message(1, protocol=PROTOCOL - 1)

    assert json.loads(header) == {"value": "on"}
    assert parse_reply((number, header, blobs)) == Reply("on", [])


def test_error_keeps_its_type_details_and_pictures() -> None:
    error = NotSeen("banner.png not seen", details={"score": 0.4}, pictures={"frame": b"png"})

    with pytest.raises(NotSeen, match=r"banner\.png not seen") as caught:
        parse_reply(error_message(1, error))

    assert caught.value.details == {"score": 0.4}
    assert caught.value.pictures == {"frame": b"png"}
    assert not hasattr(caught.value, "__notes__")


def test_foreign_error_is_a_device_error_with_the_hosts_traceback() -> None:
    with pytest.raises(DeviceError) as caught:
        parse_reply(error_message(1, ValueError("no signal"), "Traceback: line 7\n"))

    assert str(caught.value) == "ValueError: no signal"
    assert caught.value.__notes__ == ["on the host:\nTraceback: line 7"]


def test_error_type_that_only_the_host_knows_is_its_nearest_known_kind() -> None:
    class StolenLease(LeaseError):
        pass

    _, header, blobs = error_message(1, StolenLease("gone"))
    data = json.loads(header)["error"]

    assert type(unpack_error({**data, "types": ["StolenLease2", *data["types"][1:]]}, blobs)) is LeaseError
    assert type(unpack_error({**data, "types": ["Unheard"]}, blobs)) is DeviceError


def test_details_that_are_no_json_do_not_hide_the_error() -> None:
    with pytest.raises(LeaseError, match="gone"):
        parse_reply(error_message(1, LeaseError("gone", details={"path": object()})))


@pytest.mark.parametrize(("theirs", "oldest", "agreed"), [(2, 1, 2), (1, 0, 1), (3, 2, 2)])
def test_neighbouring_protocols_agree(theirs: int, oldest: int, agreed: int) -> None:
    assert agree("rack1", theirs, oldest, "9.9", "0.1") == agreed


@pytest.mark.parametrize(("theirs", "oldest"), [(0, -1), (4, 3)])
def test_distant_protocols_name_both_sides(theirs: int, oldest: int) -> None:
    with pytest.raises(HostError) as caught:
        agree("rack1", theirs, oldest, "9.9", "0.1")

    assert str(caught.value) == (
        f"host 'rack1': virtualpytest 9.9 there speaks protocol {oldest}–{theirs}, "
        "0.1 here 1–2; install the same version on both"
    )
