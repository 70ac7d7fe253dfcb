"""Controllers made from a device's description, on the host."""

from __future__ import annotations

from typing import Any

import pytest
from bench import INSTALLED
from virtualpytest_host import build
from virtualpytest_host.controllers.ecp import Ecp
from virtualpytest_host.controllers.tasmota import Tasmota

from pytest_virtualpytest.exceptions import DeviceError

# the project's own, and that of tests/installed
KNOWN = "adb, desktop, ecp, infrared, network, rack, serial, shelly, snmp, tasmota, video, wake"


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(INSTALLED)


def entry(controller: str, gives: list[str] | None = None, **settings: Any) -> dict[str, Any]:
    return {"name": controller, "controller": controller, "gives": gives, "settings": settings}


def spec(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"name": "stb1", "virtual": None, "controllers": list(entries)}


def told(*entries: dict[str, Any]) -> str:
    """Return what is complained of."""
    with pytest.raises(DeviceError) as caught:
        build.controllers(spec(*entries))
    return str(caught.value)


def test_each_capability_has_its_controller() -> None:
    made = build.controllers(spec(entry("ecp", url="http://box"), entry("tasmota", url="http://plug", relay=2)))

    assert made == {"remote": Ecp("http://box"), "power": Tasmota("http://plug", relay=2)}


def test_device_without_controllers_can_nothing() -> None:
    assert build.controllers(spec()) == {}


def test_two_controllers_of_one_capability_must_be_told_apart() -> None:
    message = told(entry("ecp", url="http://one"), entry("ecp", url="http://two"))

    assert message == "two controllers give 'remote'; say gives = [...] for one of them"


def test_controller_gives_what_it_is_told_to() -> None:
    made = build.controllers(spec(entry("rack", ["power"], name="x"), entry("ecp", url="http://box")))

    assert type(made["remote"]) is Ecp
    assert type(made["power"]).__name__ == "Rack"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (entry("epc"), f"no controller 'epc'; known here: {KNOWN}; did you mean 'ecp'?"),
        (entry("hdmi9"), f"no controller 'hdmi9'; known here: {KNOWN}"),
        (entry("ecp"), "controller 'ecp': setting 'url' is missing"),
        (
            entry("ecp", url="http://box", timeuot=3),
            "controller 'ecp': no setting 'timeuot'; it has url, timeout; did you mean 'timeout'?",
        ),
        (entry("ecp", ["power"], url="http://box"), "controller 'ecp': it does not give 'power', only remote"),
        (
            entry("ecp", ["power"], zzz=3),
            "controller 'ecp': no setting 'zzz'; it has url, timeout; setting 'url' is missing; "
            "it does not give 'power', only remote",
        ),
    ],
)
def test_wrong_description_says_what_there_is(wrong: dict[str, Any], message: str) -> None:
    assert told(wrong) == message


def test_no_secret_is_in_what_is_complained_of() -> None:
    message = told(entry("tasmota", passwrd="hunter2", url="http://ann:hunter2@plug"))

    assert "hunter2" not in message
