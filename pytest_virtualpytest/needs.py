"""What a test needs of the lab, and which devices it can have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.exceptions import ConfigError

if TYPE_CHECKING:
    from pytest_virtualpytest.config import DeviceConfig

_WORDS = ("kind", "model", "name", "needs", "tags")


@dataclass(frozen=True)
class Need:
    """One device that a test needs; *role* is the fixture's name, or the word in the `devices` marker."""

    role: str
    kind: str | None = None
    name: str | None = None
    model: str | None = None
    tags: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    scope: str = "function"

    def __str__(self) -> str:
        words = [self.name or self.kind or "any device"]
        words += [f"model {self.model}"] if self.model else []
        words += [f"tagged {' and '.join(self.tags)}"] if self.tags else []
        words += [f"with {' and '.join(self.needs)}"] if self.needs else []
        return " ".join(words)

    def fits(self, device: DeviceConfig) -> bool:
        """Tell whether *device* will do."""
        return (
            self.kind in (None, device.kind)
            and self.name in (None, device.name)
            and self.model in (None, device.model)
            and set(self.tags) <= set(device.tags)
            and set(self.needs) <= set(device.capabilities)
        )

    def narrowed(self, words: Mapping[str, Any], where: str) -> Need:
        """Return this need with the *words* of a marker; *where* begins each complaint."""
        problems = [f"{where}: unknown {word!r}{_nearest(word, _WORDS)}" for word in words if word not in _WORDS]
        from pytest_virtualpytest.capabilities import CAPABILITIES

        lists = {word: _row(words[word]) for word in ("tags", "needs") if word in words}
        problems += [
            f"{where}: unknown capability {one!r}{_nearest(one, CAPABILITIES)}"
            for one in lists.get("needs", ())
            if one not in CAPABILITIES
        ]
        if self.kind and words.get("kind", self.kind) != self.kind:
            problems.append(f"{where}: kind {words['kind']!r} contradicts fixture {self.role!r}; `dut` is any kind")
        if problems:
            raise ConfigError(*problems)
        return replace(self, **{**words, **lists})


def assignments(choices: Sequence[Sequence[DeviceConfig]]) -> Iterator[list[DeviceConfig]]:
    """Yield every way to take a different device from each of *choices*, in their order."""
    if not choices:
        yield []
    if not all(choices):
        return
    for device in choices[0] if choices else ():
        rest = [[other for other in row if other.name != device.name] for row in choices[1:]]
        for others in assignments(rest):
            yield [device, *others]


def _row(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _nearest(word: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, known, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
