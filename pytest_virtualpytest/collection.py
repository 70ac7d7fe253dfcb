"""What each collected test needs of the lab, found out without opening anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_virtualpytest.exceptions import ConfigError
from pytest_virtualpytest.needs import Need, assignments

if TYPE_CHECKING:
    from pytest_virtualpytest.config import DeviceConfig
    from pytest_virtualpytest.lab import Lab

PARAMETER = "on_device"  # the name of the device, where a test runs once for each
ROLES = "devices"  # the fixture whose devices the marker of the same name describes
NEEDS = pytest.StashKey[tuple[Need, ...]]()
ATTRIBUTE = "_virtualpytest_need"  # of a device fixture's function


def needs_of(item: pytest.Item) -> tuple[Need, ...]:
    """Return the devices that *item* needs, or raise ConfigError; found once."""
    if NEEDS not in item.stash:
        item.stash[NEEDS] = tuple(_needs(item))
    return item.stash[NEEDS]


def asks(item: pytest.Item) -> bool:
    """Tell whether *item* needs devices, or whether what it needs cannot be understood."""
    try:
        return bool(needs_of(item))
    except ConfigError:
        return True


def unit_of(item: pytest.Item) -> str:
    """Return a name that *item* shares with those that use its device of a wider fixture, empty if it has none."""
    wider = next((need for need in needs_of(item) if need.scope != "function"), None)
    if wider is None:
        return ""
    kinds: dict[str, type[pytest.Collector]] = {
        "class": pytest.Class, "module": pytest.Module, "package": pytest.Package,
    }  # fmt: skip
    parent = item.getparent(kinds.get(wider.scope, pytest.Session))
    return f"{wider.role} {wider.scope} {parent.nodeid if parent else ''}"


def of_function(item: pytest.Item) -> tuple[Need, ...]:
    """Return what *item* needs for itself alone: these are leased together."""
    return tuple(need for need in needs_of(item) if need.scope == "function")


def check(items: Iterable[pytest.Item], lab: Lab, *, on_one_host: bool = False) -> dict[str, str]:
    """Return what is wrong with the needs of *items*, by node id: what *lab* cannot serve, what contradicts itself.

    With *on_one_host*, all devices of a test must be on one.
    """
    known: dict[tuple[Need, ...], str] = {}
    problems = {}
    for item in items:
        try:
            needs = needs_of(item)
        except ConfigError as error:
            problems[item.nodeid] = "\n".join(error.problems)
            continue
        if needs not in known:
            known[needs] = _refused(needs, lab, on_one_host=on_one_host)
        if known[needs]:
            problems[item.nodeid] = f"{item.nodeid}: {known[needs]}"
    return problems


def qualifying(item: pytest.Item, lab: Lab) -> str:
    """Return which devices qualify for *item*, in words; empty where it needs none."""
    rows = [(need.role, [device.name for device in lab.fitting(need)]) for need in needs_of(item)]
    return "; ".join(f"{role}: {', '.join(names) or 'no device'}" for role, names in rows)


def parametrize(metafunc: pytest.Metafunc, lab: Lab, each: str) -> None:
    """Let a test of one device run on *each* device that qualifies, or on one of each model."""
    needs = needs_of(metafunc.definition)
    if len(needs) != 1 or needs[0].scope != "function":
        return
    devices = lab.fitting(needs[0])
    if each == "model":
        firsts: dict[str, DeviceConfig] = {}
        for device in devices:
            firsts.setdefault(device.model or device.name, device)
        devices = list(firsts.values())
    if devices:
        metafunc.fixturenames.append(PARAMETER)
        names = [device.name for device in devices]
        metafunc.parametrize(PARAMETER, names, ids=names)


def _needs(item: pytest.Item) -> Iterator[Need]:
    found = dict(_fixture_needs(item))
    narrowing = _merged(item, "device")
    roles = _merged(item, ROLES)
    if found and roles:
        raise ConfigError(f"{item.nodeid}: fixture {next(iter(found))!r} and the `devices` marker; use one of them")
    if ROLES in getattr(item, "fixturenames", ()) and not roles:
        raise ConfigError(f"{item.nodeid}: fixture 'devices' needs the marker, such as devices(left={{'kind': 'stb'}})")
    for role, words in roles.items():
        yield Need(role).narrowed(_table(item, role, words), f"{item.nodeid}: role {role!r}")
    yield from _narrowed(item, list(found.values()), narrowing)


def _narrowed(item: pytest.Item, needs: Sequence[Need], words: Mapping[str, Any]) -> Iterator[Need]:
    own = [need for need in needs if need.scope == "function"]
    meant = [need for need in own if len(own) == 1 or words.get("kind") in (None, need.kind)]
    if words and not meant:
        wider = "; a wider fixture is narrowed where it is made" if needs else ""
        raise ConfigError(f"{item.nodeid}: marker `device` has no device of this test to narrow{wider}")
    name = getattr(item, "callspec", None) and item.callspec.params.get(PARAMETER)  # type: ignore[attr-defined]
    for need in needs:
        narrowed = need.narrowed(words, f"{item.nodeid}: marker `device`") if need in meant else need
        yield replace(narrowed, name=name) if name and need in own else narrowed


def _fixture_needs(item: pytest.Item) -> Iterator[tuple[str, Need]]:
    info = getattr(item, "_fixtureinfo", None)  # the one way from an item to its fixtures' functions
    known = info.name2fixturedefs if info else {}
    for name in getattr(item, "fixturenames", ()):
        need = getattr(known[name][-1].func, ATTRIBUTE, None) if name in known else None
        if isinstance(need, Need):
            yield name, replace(need, role=name, scope=known[name][-1].scope)


def _merged(item: pytest.Item, name: str) -> dict[str, Any]:
    """Return the words of all markers *name*; of two that say the same word, the one nearer to the test counts."""
    words: dict[str, Any] = {}
    for mark in item.iter_markers(name):
        if mark.args:
            raise ConfigError(f"{item.nodeid}: marker `{name}` takes keywords only, not {mark.args[0]!r}")
        words = {**mark.kwargs, **words}
    return words


def _table(item: pytest.Item, role: str, words: Any) -> Mapping[str, Any]:
    if not isinstance(words, Mapping):
        raise ConfigError(f"{item.nodeid}: role {role!r} must be a table such as {{'kind': 'stb'}}, not {words!r}")
    return words


def _refused(needs: Sequence[Need], lab: Lab, *, on_one_host: bool) -> str:
    """Return why *lab* cannot serve *needs*, empty if it can."""
    if not _served(needs, lab.devices):
        return _unserved(needs, lab)
    if on_one_host and not any(_served(needs, devices) for devices in lab.sites()):
        words = " and ".join(map(str, needs))
        return f"needs {words}; {lab.config.name} has them on different hosts, where --vpt-on-hosts cannot have both"
    return ""


def _served(needs: Sequence[Need], devices: Sequence[DeviceConfig]) -> bool:
    return next(assignments([[one for one in devices if need.fits(one)] for need in needs]), None) is not None


def _unserved(needs: Sequence[Need], lab: Lab) -> str:
    missing = [need for need in needs if not lab.fitting(need)] or needs
    return f"needs {' and '.join(map(str, missing))}; {lab.config.name} has {_has(lab.devices)}"


def _has(devices: Sequence[DeviceConfig]) -> str:
    return ", ".join(f"{device.name} ({device.kind})" for device in devices) or "no device"
