"""Controllers of installed packages, right and wrong ones, as a lab file meets them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from lab_files import loaded, problems

pytestmark = pytest.mark.usefixtures("lab_folder")

LAB = '[devices.stb1]\nkind = "stb"\n[devices.stb1.odd]\n'
HEAD = """
from __future__ import annotations
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from pytest_virtualpytest.exceptions import DeviceError
if TYPE_CHECKING:
    from decimal import Decimal
class Speed(Enum):
    SLOW = "slow"
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give a function that installs a package with the controller ``odd``, class `Odd` of the given source."""

    def install(source: str) -> None:
        site = tmp_path / "site"
        (site / "odd-1.0.dist-info").mkdir(parents=True)
        (site / "odd-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
        points = "[virtualpytest.controllers]\nodd = odd_controller:Odd\n"
        (site / "odd-1.0.dist-info" / "entry_points.txt").write_text(points)
        (site / "odd_controller.py").write_text(HEAD + source)
        monkeypatch.syspath_prepend(site)
        monkeypatch.delitem(sys.modules, "odd_controller", raising=False)

    return install


def test_settings_may_have_any_type_that_json_can_say(install: Callable[[str], None], tmp_path: Path) -> None:
    install("""
@dataclass
class Odd:
    codes: Path
    speed: Speed = Speed.SLOW
    pins: Sequence[int] = ()
    level: int | str = 3
    gives: ClassVar[Sequence[str]] = ("remote",)
""")

    device = loaded(LAB + 'codes = "codes/x.toml"\nspeed = "slow"\npins = [1, 2]\nlevel = "high"').devices["stb1"]

    [entry] = device.spec()["controllers"]
    assert entry["settings"] == {
        "codes": str(tmp_path / "codes/x.toml"),
        "speed": "slow",
        "pins": [1, 2],
        "level": "high",
    }


def test_wrong_member_of_a_setting_is_found(install: Callable[[str], None]) -> None:
    install("""
@dataclass
class Odd:
    pins: Sequence[int] = ()
    level: int | Sequence[str] = 3
    speed: Speed = Speed.SLOW
    gives: ClassVar[Sequence[str]] = ("remote",)
""")

    told = problems(LAB + 'pins = [1, "two"]\nlevel = 0.5\nspeed = "fast"')

    assert told == [
        "lab.toml: devices.stb1.odd.pins[1]: must be a whole number, not text",
        "lab.toml: devices.stb1.odd.level: must be a whole number, not a number",
        "lab.toml: devices.stb1.odd.level: must be a list, not a number",
        "lab.toml: devices.stb1.odd.speed: must be 'slow'",
    ]


def test_class_checks_its_own_settings(install: Callable[[str], None]) -> None:
    install("""
@dataclass
class Odd:
    code: str
    gives: ClassVar[Sequence[str]] = ("remote",)
    def __post_init__(self):
        if self.code != "nec":
            raise DeviceError(f"no code {self.code!r}; known: nec")
""")

    assert problems(LAB + 'code = "rc5"') == ["lab.toml: devices.stb1.odd: no code 'rc5'; known: nec"]
    assert loaded(LAB + 'code = { env = "CODE" }').devices["stb1"].capabilities == ("remote",)


def test_annotations_that_cannot_be_read_are_not_checked(install: Callable[[str], None]) -> None:
    install("""
@dataclass
class Odd:
    gain: Decimal
    gives: ClassVar[Sequence[str]] = ("remote",)
""")

    told = problems(LAB + "gian = 3")

    assert told == ["lab.toml: devices.stb1.odd.gian: unknown setting; did you mean 'gain'?"]
    assert loaded(LAB + "gain = 3").devices["stb1"].capabilities == ("remote",)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import nothing_of_this_name", "controller 'odd' cannot be loaded: No module named 'nothing_of_this_name'"),
        ("", "controller 'odd' cannot be loaded: module 'odd_controller' has no attribute 'Odd'"),
        ("class Odd: gives = ('remote',)", "controller 'odd' is no dataclass that says what it gives"),
        ("@dataclass\nclass Odd: url: str", "controller 'odd' is no dataclass that says what it gives"),
    ],
)
def test_package_that_is_wrong_is_named(install: Callable[[str], None], source: str, message: str) -> None:
    install(source)

    assert problems(LAB) == [f"lab.toml: devices.stb1.odd: {message}"]
