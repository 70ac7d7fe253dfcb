"""A device's process: its controllers, found by entry point and opened at first use."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bench import Bench, spec

from pytest_virtualpytest.exceptions import CapabilityMissing, DeviceError
from pytest_virtualpytest.gateway import Gateways
from pytest_virtualpytest.wire import Call

WHERE = "device 'stb1' on host 'rack1'"


@pytest.fixture
def box(local_gateways: Gateways, own_state: Path) -> Iterator[Callable[[], int]]:
    """Lease a virtual set-top box named ``mortal``; give a function that returns its process's number."""
    from virtualpytest_host import virtual

    yield lambda: int(json.loads((own_state / "virtual" / "mortal" / "state.json").read_text())["pid"])
    local_gateways.close()
    virtual.stop("mortal")


def described(*controllers: dict[str, Any]) -> dict[str, Any]:
    return {"name": "stb1", "virtual": None, "controllers": list(controllers)}


def rack(name: str = "rack", *, gives: list[str] | None = None, **settings: Any) -> dict[str, Any]:
    return {"name": name, "controller": "rack", "gives": gives, "settings": {"name": "relay"} | settings}


def refusal(gateways: Gateways, *controllers: dict[str, Any]) -> str:
    with pytest.raises(DeviceError) as caught:
        gateways.of("rack1").attach(described(*controllers))
    return str(caught.value)


def test_attached_device_tells_what_it_can_do_and_holds(local_gateways: Gateways) -> None:
    told = local_gateways.of("rack1").attach(spec())

    assert told["capabilities"] == ["power", "remote"]
    assert told["resources"] == ["relay:stb1"]


def test_device_without_controllers_holds_what_the_lab_file_says(local_gateways: Gateways) -> None:
    told = local_gateways.of("rack1").attach({**described(), "resources": ["account:7"]})

    assert told["capabilities"] == []
    assert told["resources"] == ["account:7"]


def test_anybody_may_ask_who_holds_a_device(bench: Bench) -> None:
    told = bench.gateway.call(Call("holder", "stb1")).value

    holder = {"user": "ann", "run": "4f6b", "test": "test_zap", "device": "stb1"}
    assert told == {"holder": holder, "waiting": []}


def test_attaching_again_keeps_the_process(local_gateways: Gateways) -> None:
    gateway = local_gateways.of("rack1")

    assert gateway.attach(spec()) == gateway.attach(spec())


def test_attaching_with_other_settings_starts_another_process(local_gateways: Gateways) -> None:
    gateway = local_gateways.of("rack1")
    first = gateway.attach(spec())["pid"]

    second = gateway.attach(spec(powered=False))["pid"]

    assert second != first


def test_leased_device_keeps_its_settings(bench: Bench) -> None:
    with pytest.raises(DeviceError) as caught:
        bench.gateway.attach(spec(powered=False))

    assert str(caught.value) == (
        f"{WHERE}: it is leased with other settings; release it before it is attached with new ones"
    )


def test_unknown_controller_names_the_nearest(local_gateways: Gateways) -> None:
    message = refusal(local_gateways, {**rack(), "controller": "raxk"})

    assert message.startswith(f"{WHERE}: no controller 'raxk'; known here: adb, ")
    assert message.endswith("; did you mean 'rack'?")
    assert {"ecp", "rack", "video"} <= set(message.partition("known here: ")[2].partition(";")[0].split(", "))


def test_wrong_settings_are_all_told(local_gateways: Gateways) -> None:
    message = refusal(local_gateways, {**rack(), "settings": {"diry": "x"}})

    assert message == (
        f"{WHERE}: controller 'rack': no setting 'diry'; it has name, diary, powered; did you mean 'diary'?; "
        "setting 'name' is missing"
    )


def test_two_controllers_for_one_capability(local_gateways: Gateways) -> None:
    message = refusal(local_gateways, rack(), rack("other"))

    assert message == f"{WHERE}: two controllers give 'remote'; say gives = [...] for one of them"


def test_gives_chooses_between_two_controllers(local_gateways: Gateways) -> None:
    chosen = described(rack(gives=["remote"]), rack("other", gives=["power"], powered=False))

    told = local_gateways.of("rack1").attach(chosen)

    assert told["capabilities"] == ["power", "remote"]


def test_controller_cannot_give_what_it_has_not(local_gateways: Gateways) -> None:
    message = refusal(local_gateways, rack(gives=["screen"]))

    assert message == f"{WHERE}: controller 'rack': it does not give 'screen', only remote, power"


def test_device_that_could_not_be_attached_can_be_when_it_is_mended(local_gateways: Gateways) -> None:
    refusal(local_gateways, rack(), rack("other"))

    assert local_gateways.of("rack1").attach(spec())["capabilities"] == ["power", "remote"]


def test_missing_capability_says_what_to_add(bench: Bench) -> None:
    with pytest.raises(CapabilityMissing) as caught:
        bench.call("screen.frame")

    assert str(caught.value) == f"""{WHERE}: it has no 'screen', only power, remote; add needs=["screen"] to the test"""


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("remote.fly", "remote has no 'fly'"),
        ("remote._controller", "remote has no '_controller'"),
        (
            "fly",
            "no call 'fly'; there are describe, facts, mark, log, match, read, replay, motion, sound, virtual.pin, "
            "virtual.stop and CAPABILITY.METHOD",
        ),
        ("remote.hold", "TypeError: Remote.hold() missing 2 required positional arguments: 'key' and 'seconds'"),
    ],
)
def test_unknown_call(bench: Bench, method: str, message: str) -> None:
    with pytest.raises(DeviceError) as caught:
        bench.call(method)

    assert str(caught.value) == f"{WHERE}: {message}"


def test_key_that_cannot_be_held(bench: Bench) -> None:
    with pytest.raises(DeviceError, match="Rack cannot hold a key down"):
        bench.call("remote.hold", key="UP", seconds=1)


def test_press_is_timed_on_the_hosts_clock(bench: Bench) -> None:
    first, second = bench.press("UP").value, bench.press("DOWN").value

    assert first["before"] <= first["after"] <= second["before"]
    assert first["boot"] == bench.gateway.boot


def test_power_cycle_ends_with_power(bench: Bench) -> None:
    bench.call("power.cycle", seconds=0.01)

    assert bench.call("power.status").value is True


def test_log_has_each_call_and_mark(bench: Bench) -> None:
    bench.press("UP")
    begin = bench.call("mark", text="ad break").value["captured"]

    log = bench.call("log", since=0).value

    assert 'remote.press {"key": "UP"}' in log
    assert log.endswith("mark ad break")
    assert bench.call("log", since=begin).value.endswith("mark ad break")
    assert "UP" not in bench.call("log", since=begin).value


def test_controllers_open_at_first_use_and_close_at_the_end(local_gateways: Gateways, tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    bench = Bench(local_gateways, lambda _pid, _number: None, spec(diary=str(diary)))
    bench.lease()
    unused = diary.exists()

    bench.press("UP")
    local_gateways.close()

    assert not unused
    assert diary.read_text().splitlines() == ["open", "press UP", "close"]


def test_virtual_device_that_ended_is_started_again(local_gateways: Gateways, box: Callable[[], int]) -> None:
    gateway = local_gateways.of("rack1")
    mortal = {"name": "mortal", "virtual": "stb", "controllers": []}
    gateway.attach(mortal)
    token = gateway.lease("mortal", {"user": "ann"})
    first = box()
    os.kill(first, signal.SIGKILL)

    with pytest.raises(DeviceError):
        gateway.call(Call("remote.press", "mortal", {"key": "HOME"}, token, 10))

    gateway.release("mortal")
    gateway.attach(mortal)
    token = gateway.lease("mortal", {"user": "ann"})
    assert gateway.call(Call("remote.press", "mortal", {"key": "HOME"}, token, 10)).value["key"] == "HOME"
    assert box() != first
