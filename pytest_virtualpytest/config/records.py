"""What a lab file says, checked: plain records without pydantic."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pytest_virtualpytest.exceptions import ConfigError

LOCAL = "local"  # the host of a device that names none: this machine
TIMEOUT = 10.0
LANGUAGE = "eng"
CAPTURES_QUOTA = 2 << 30
BUILT_IN = "the built-in virtual lab"
VIRTUAL = {  # what each kind of virtual device gives
    "stb": ("audio", "power", "remote", "screen"),
    "phone": ("apps", "files", "logs", "power", "remote", "screen", "shell", "touch", "ui"),
    "desktop": ("apps", "files", "pointer", "remote", "screen", "shell"),
}
KINDS = {"phone": "mobile"}  # of virtual devices that are not named after their kind


@dataclass(frozen=True)
class Secret:
    """A text that stays in the environment until its device is opened; *where* is the setting in its file."""

    variable: str
    where: str = field(default="", compare=False)

    def __repr__(self) -> str:
        return f"env:{self.variable}"


@dataclass(frozen=True)
class HostConfig:
    """A machine with devices; *gateway* is ``popen`` (this one) or ``ssh=user@machine``.

    Its kept captures may take *captures_quota* bytes.
    """

    name: str
    gateway: str = "popen"
    python: str | None = None
    ssh_config: str | None = None
    captures_quota: int = CAPTURES_QUOTA


@dataclass(frozen=True)
class ControllerConfig:
    """One controller of a device: *controller* is the technique, *name* its table.

    *gives* is what the file says, None if it says nothing; *capabilities* what that comes to.
    """

    name: str
    controller: str
    gives: tuple[str, ...] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ready:
    """What a device shows when it is ready for a test, and what to do, in turn, where it is not.

    *check* is a picture, looked up beside *file*; *recover* holds keys and ``power.on/off/cycle``.
    """

    check: str
    recover: tuple[str, ...] = ()
    timeout: float | None = None
    file: Path | None = None


@dataclass(frozen=True)
class DeviceConfig:
    """One device of the lab; *monitor* says after how many seconds what counts as an incident."""

    name: str
    host: str = LOCAL
    kind: str = "stb"
    model: str | None = None
    tags: tuple[str, ...] = ()
    variant: tuple[str, ...] = ()
    lang: str = LANGUAGE
    ready: Ready | None = None
    monitor: Mapping[str, float] = field(default_factory=dict, hash=False)
    screens: Path | None = None
    virtual: str | None = None
    controllers: tuple[ControllerConfig, ...] = ()
    resources: tuple[str, ...] = ()
    given: tuple[str, ...] = ()  # by its virtual device

    @property
    def capabilities(self) -> tuple[str, ...]:
        """Return what can be done with the device."""
        return tuple(sorted({*self.given, *(word for one in self.controllers for word in one.capabilities)}))

    def secrets(self) -> list[Secret]:
        """Return the texts that its controllers take from the environment."""
        return [secret for one in self.controllers for secret in _secrets(dict(one.settings))]

    def spec(self, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
        """Return what the device's host needs to know, secrets in the clear; ConfigError for those that are not set.

        Keep it out of logs.
        """
        problems: list[str] = []
        controllers = [
            {
                "name": one.name,
                "controller": one.controller,
                "gives": list(one.gives) if one.gives else None,
                "settings": _plain(dict(one.settings), environ, problems),
            }
            for one in self.controllers
        ]
        if problems:
            raise ConfigError(*problems)
        held = {"resources": list(self.resources)} if self.resources else {}
        return {"name": self.name, "virtual": self.virtual, "controllers": controllers, **held}


@dataclass(frozen=True)
class Choice:
    """Which devices of the lab; what is left out does not matter."""

    kind: str | None = None
    model: str | None = None
    name: str | None = None
    tags: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Campaign:
    """A named choice of tests, devices and policy; *file* is the lab file that describes it.

    *budget* is what the whole run may take, *deadline* what one test may, in seconds.
    """

    name: str
    tests: tuple[Path, ...] = ()
    markers: str = ""
    keyword: str = ""
    devices: Choice = field(default_factory=Choice)
    each: Literal["any", "device", "model"] = "any"
    order: Literal["longest", "file"] = "longest"
    budget: float | None = None
    deadline: float | None = None
    reruns: int = 0
    provision: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    evidence: Literal["always", "failure", "never"] | None = None
    results: Path = Path()
    file: Path = Path()


@dataclass(frozen=True)
class LabConfig:
    """All hosts and devices; *sources* are the files it came from, none for the built-in virtual lab.

    *timeout* is what a wait may take where a test says nothing; every wait is multiplied by *timeout_scale*.
    *deadline* is what a whole test may take.
    """

    hosts: Mapping[str, HostConfig]
    devices: Mapping[str, DeviceConfig]
    timeout: float = TIMEOUT
    timeout_scale: float = 1.0
    deadline: float | None = None
    campaigns: Mapping[str, Campaign] = field(default_factory=dict)
    sources: tuple[Path, ...] = ()
    name: str = BUILT_IN

    def campaign(self, name: str) -> Campaign:
        """Return the campaign *name*; ConfigError without one."""
        from pytest_virtualpytest.config.words import nearest

        if name not in self.campaigns:
            known = nearest(name, self.campaigns) or "; it has none: write [campaigns.NAME] into a lab file"
            raise ConfigError(f"{self.name}: no campaign {name!r}{known}")
        return self.campaigns[name]


def _secrets(value: Any) -> list[Secret]:
    members = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [value] if isinstance(value, Secret) else [one for member in members for one in _secrets(member)]


def _plain(value: Any, environ: Mapping[str, str], problems: list[str]) -> Any:
    """Return *value* with each secret's text in its place."""
    if isinstance(value, Mapping):
        return {name: _plain(member, environ, problems) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(member, environ, problems) for member in value]
    if not isinstance(value, Secret):
        return value
    if value.variable not in environ:
        problems.append(f"{value.where}: the environment variable {value.variable!r} is not set")
    return environ.get(value.variable, "")
