"""New references that a run proposes: pictures beside the present ones, which nobody uses until a person accepts them.

Beside ``banner.png`` lie ``banner.png.candidate``, the picture, and ``banner.png.candidate.json``, where it comes from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from pytest_virtualpytest.exceptions import VirtualPytestError

SUFFIX = ".candidate"


@dataclass(frozen=True)
class Candidate:
    """A proposal for *reference*: what showed at *region*, where it scored *score* of *threshold*.

    *sha* is that of the reference which it was held against, *time* seconds since the epoch.
    """

    reference: Path
    sha: str
    score: float
    threshold: float
    region: tuple[int, int, int, int]
    test: str
    time: float

    @property
    def path(self) -> Path:
        """The picture that is proposed."""
        return self.reference.with_name(self.reference.name + SUFFIX)

    @property
    def _aside(self) -> Path:
        return self.path.with_name(self.path.name + ".json")

    @property
    def stale(self) -> bool:
        """Whether the reference is another one by now."""
        return not self.reference.is_file() or _sha(self.reference) != self.sha

    def write(self, png: bytes) -> bool:
        """Keep *png* as this proposal, unless a nearer one is there; tell whether it is kept."""
        known = self.read(self.path) if self.path.is_file() else None
        if known and known.sha == self.sha and known.score > self.score:
            return False
        values = asdict(self) | {"reference": self.reference.name}
        self._aside.write_text(json.dumps(values, indent=1), encoding="utf-8")
        self.path.write_bytes(png)
        return True

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return the proposal whose picture is *path*, None where nothing says what it is."""
        try:
            said: dict[str, Any] = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
            return cls(**said | {"reference": path.with_name(said["reference"]), "region": tuple(said["region"])})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def accept(self) -> None:
        """Put the proposal in the place of the reference."""
        if self.stale:
            raise VirtualPytestError(
                f"{self.reference}: it has changed since the candidate was cut ({self.test}); reject it and run again"
            )
        self.path.replace(self.reference)
        self._aside.unlink(missing_ok=True)

    def reject(self) -> None:
        """Remove the proposal."""
        self.path.unlink(missing_ok=True)
        self._aside.unlink(missing_ok=True)


def within(folder: Path) -> list[Candidate]:
    """Return every proposal in *folder* and below, by the path of its reference."""
    found: Iterator[Candidate | None] = (Candidate.read(path) for path in sorted(folder.rglob(f"*{SUFFIX}")))
    return [one for one in found if one is not None]


def named(name: str, known: Sequence[Candidate]) -> Candidate:
    """Return the one of *known* whose reference is *name*: a path, or the end of one."""
    wanted = Path(name.removesuffix(SUFFIX)).parts
    fitting = [one for one in known if one.reference.parts[-len(wanted) :] == wanted]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(str(one.reference) for one in fitting or known) or "none"
    raise VirtualPytestError(f"{name}: {len(fitting)} candidates have that name; there are {names}")


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
