"""Waiting for a device: in turn, over several hosts and devices."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from bench import Host
from persons import ANY, BOX1, BOX2, Person, in_line

from pytest_virtualpytest.exceptions import LeaseError
from pytest_virtualpytest.gateway import Gateway
from pytest_virtualpytest.needs import Need
from pytest_virtualpytest.wire import Call


def test_those_who_wait_have_it_in_the_order_in_which_they_came(person: Callable[[str], Person]) -> None:
    ann, *others = [person(name) for name in ("ann", "ben", "cat", "dan")]
    ann.hold(BOX1)

    lines = [other.wait(BOX1) for other in others]
    for one, following in zip([ann, *others], others, strict=False):
        one.drop()
        assert following.had() == ["box1"]

    assert [re.sub(r"\d+ s", "N s", line) for line in lines] == [
        "waiting for box1 (held by ann, N s)",
        "waiting for box1 (held by ann, N s; 2nd in line)",
        "waiting for box1 (held by ann, N s; 3rd in line)",
    ]


def test_freed_device_is_had_by_the_next_at_once(person: Callable[[str], Person]) -> None:
    ann, ben = person("ann"), person("ben")
    ann.hold(BOX1)
    ben.wait(BOX1)
    assert ben.waits

    begin = time.monotonic()
    ann.drop()
    ben.had()

    assert time.monotonic() - begin < 0.5


def test_one_who_comes_later_does_not_have_it_before(person: Callable[[str], Person]) -> None:
    ann, ben, cat = (person(name) for name in ("ann", "ben", "cat"))
    ann.hold(BOX1)
    ann.hold(BOX2)
    ben.wait(BOX1, BOX2)
    ann.lab.give_back(ann.lab._held["box1"])

    line = cat.wait(BOX1)

    assert line.startswith("waiting for box1 (kept for ben, ")
    assert line.endswith(" s; 2nd in line)")
    ann.drop()
    assert ben.had() == ["box1", "box2"]
    ben.drop()
    assert cat.had() == ["box1"]


def test_two_who_want_the_same_two_in_other_orders_both_have_them(person: Callable[[str], Person]) -> None:
    ann, ben, cat = (person(name) for name in ("ann", "ben", "cat"))
    ann.hold(BOX1, BOX2)
    ben.wait(BOX1, BOX2)
    cat.wait(BOX2, BOX1)

    ann.drop()

    assert ben.had() == ["box1", "box2"]
    ben.drop()
    assert cat.had() == ["box2", "box1"]


def test_one_who_waits_for_any_leaves_the_other_lines(person: Callable[[str], Person]) -> None:
    ann, ben = person("ann"), person("ben")
    ann.hold(BOX1, BOX2)
    ben.wait(ANY)
    assert in_line("waiting:1") == in_line("waiting:2") == ["ben"]

    ann.lab.give_back(ann.lab._held["box2"])

    assert ben.had() == ["box2"]
    assert in_line("waiting:1", "waiting:2") == []


def test_one_who_gives_up_leaves_the_line(person: Callable[[str], Person]) -> None:
    ann, ben = person("ann"), person("ben")
    ann.hold(BOX1)
    ben.wait(BOX1, timeout=0.3)

    with pytest.raises(AssertionError, match=r"no device within 0\.3 s: waiting for box1 \(held by ann, "):
        ben.had()

    assert in_line("waiting:1") == []


def test_no_time_to_wait_is_no_place_in_line(person: Callable[[str], Person]) -> None:
    ann, ben = person("ann"), person("ben")
    ann.hold(BOX1)

    with pytest.raises(LeaseError, match=r"no device within 0 s: waiting for box1 \(held by ann, ") as caught:
        ben.hold(BOX1)

    assert str(caught.value.details["busy"]).startswith("held by ann, ")
    assert ben.lines.empty()
    assert in_line("waiting:1") == []


def test_one_who_holds_a_device_passes_those_who_wait_for_it_and_more(person: Callable[[str], Person]) -> None:
    ann, ben = person("ann"), person("ben")
    ann.hold(BOX1)
    ben.wait(BOX1, BOX2)

    held = ann.hold(BOX2)

    assert held[0].name == "box2"
    assert ben.waits
    ann.drop()
    assert ben.had() == ["box1", "box2"]


def test_device_held_by_the_same_process_is_not_waited_for(person: Callable[[str], Person]) -> None:
    ann = person("ann")
    ann.hold(BOX1)

    with pytest.raises(LeaseError, match="box1 is held by this test process itself, in a wider scope"):
        ann.lab.take([BOX1])


def test_device_without_controllers_is_leased_and_waited_for(person: Callable[[str], Person]) -> None:
    card = Need("card", "account")
    ann, ben = person("ann"), person("ben")
    ann.hold(card)

    line = ben.wait(card)
    ann.drop()

    assert line.startswith("waiting for account (held by ann, ")
    assert ben.had() == ["card"]


def test_holder_is_recorded_with_all_that_others_ask(person: Callable[[str], Person]) -> None:
    ann = person("ann")
    [device] = ann.lab.take([BOX1], test="test_zap.py::test_zap")

    told = device.link.gateway.call(Call("holder", "box1")).value["holder"]

    assert {word: told[word] for word in ("user", "kind", "test")} == {
        "user": "ann", "kind": "run", "test": "test_zap.py::test_zap",
    }  # fmt: skip
    assert set(told) == {"user", "machine", "pid", "kind", "test", "since", "device"}


def test_older_host_that_keeps_no_lines_is_only_tried() -> None:
    gateway = Gateway(Host())
    gateway.protocol = 1

    told = gateway.queue(["box1"], "01764039603400000000-9f3ac01b", {"user": "ann"})
    gateway.withdraw("01764039603400000000-9f3ac01b")

    assert told == {"box1": {"held": False, "holder": None, "place": 1, "next": None}}
