"""The fixtures: one for each kind of device, and `devices`, `lab`, `measure`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import pytest

from pytest_virtualpytest.collection import ATTRIBUTE
from pytest_virtualpytest.needs import Need
from pytest_virtualpytest.run import Run

if TYPE_CHECKING:
    from pytest_virtualpytest.device import Device
    from pytest_virtualpytest.lab import Lab
    from pytest_virtualpytest.measure import Measure

Scope: TypeAlias = Literal["function", "class", "module", "package", "session"]


def device_fixture(
    kind: str | None = None,
    *,
    scope: Scope = "function",
    name: str | None = None,
    model: str | None = None,
    tags: Sequence[str] = (),
    needs: Sequence[str] = (),
    device: str | None = None,
) -> object:
    """Return a fixture of a device of *kind*, None for any, leased for as long as *scope*; *device* is its name."""
    words = {"model": model, "tags": tuple(tags), "needs": tuple(needs), "name": device}
    need = Need("", kind).narrowed({word: value for word, value in words.items() if value}, f"device_fixture({kind!r})")

    def leased(request: pytest.FixtureRequest) -> Iterator[Device]:
        with Run.of(request.config).holding.device(request, need) as found:
            yield found

    leased.__doc__ = f"Return a {kind or 'device'}, leased for this {'test' if scope == 'function' else scope}."
    setattr(leased, ATTRIBUTE, need)
    return pytest.fixture(scope=scope, name=name)(leased)


stb = device_fixture("stb")
tv = device_fixture("tv")
mobile = device_fixture("mobile")
desktop = device_fixture("desktop")
dut = device_fixture()


class Devices:
    """The devices of a test by the roles of its `devices` marker: ``devices.left``, ``devices["left"]``."""

    def __init__(self, by_role: dict[str, Device]) -> None:
        self._by_role = by_role

    def __getattr__(self, role: str) -> Device:
        try:
            return self._by_role[role]
        except KeyError:
            raise AttributeError(f"no role {role!r}; this test has {', '.join(self._by_role)}") from None

    def __getitem__(self, role: str) -> Device:
        return self._by_role[role]

    def __iter__(self) -> Iterator[Device]:
        return iter(self._by_role.values())

    def __len__(self) -> int:
        return len(self._by_role)


@pytest.fixture
def devices(request: pytest.FixtureRequest) -> Devices:
    """Return the devices of the `devices` marker, leased together for this test."""
    return Devices(Run.of(request.config).holding.together(request.node))


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest) -> Lab:
    """Return the lab: ``with lab.lease(kind="stb") as stb`` for fixtures of one's own."""
    return Run.of(request.config).lab


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Measure:
    """Return a function that keeps a figure of this test: ``measure("zap", seen.after(press), maximum=2.5)``."""
    return Run.of(request.config).measure(request.node)
