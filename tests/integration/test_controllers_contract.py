"""The contract that every controller keeps, and that the suite of it notices what breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from boxes import Bench, running
from peer import free_port
from phones import Phone
from virtualpytest_host import testing
from virtualpytest_host.controllers.adb import Adb
from virtualpytest_host.controllers.ecp import Ecp
from virtualpytest_host.controllers.tasmota import Tasmota
from virtualpytest_host.controllers.video import Video


@pytest.fixture(scope="module")
def box() -> Iterator[Bench]:
    """Give a box."""
    with running("under contract") as bench:
        yield bench


class TestEcp(testing.Controllers, testing.Remotes, testing.Absent):
    @pytest.fixture
    def controller(self, box: Bench) -> Ecp:
        return Ecp(f"http://127.0.0.1:{box.port('keys')}")

    @pytest.fixture
    def absent(self) -> Ecp:
        return Ecp(f"http://127.0.0.1:{free_port()}")


class TestTasmota(testing.Controllers, testing.Supplies, testing.Absent):
    @pytest.fixture
    def controller(self, box: Bench) -> Tasmota:
        return Tasmota(f"http://127.0.0.1:{box.port('power')}")

    @pytest.fixture
    def absent(self) -> Tasmota:
        return Tasmota(f"http://127.0.0.1:{free_port()}")


class TestVideo(testing.Controllers, testing.Streams):
    @pytest.fixture
    def controller(self) -> Video:
        return Video("udp://@:5000")


class TestAdb(
    testing.Controllers, testing.Remotes, testing.Touches, testing.Uis, testing.Programs, testing.Shells,
    testing.Storages, testing.Logbooks, testing.Supplies, testing.Streams, testing.Absent,
):  # fmt: skip
    app = "com.virtual.notes"
    folder = "/sdcard"

    @pytest.fixture
    def controller(self, phone: Phone, own_key: Path) -> Adb:
        return Adb(phone.address, own_key)

    @pytest.fixture
    def absent(self, own_key: Path) -> Adb:
        return Adb(f"127.0.0.1:{free_port()}", own_key)


BROKEN = """
from dataclasses import dataclass
from typing import ClassVar

import pytest
from virtualpytest_host import testing

@dataclass
class Careless:  # takes every key, gives what it has not, and keeps a file open
    gives: ClassVar = ("remote", "power")

    def resources(self):
        return [""]

    def open(self):
        self.files = [*getattr(self, "files", []), open("/dev/null")]

    def close(self):
        pass

    def press(self, key, /):
        pass

    def status(self):
        return True

class TestCareless(testing.Controllers, testing.Remotes):
    @pytest.fixture
    def controller(self):
        one = Careless()
        yield one
        for file in getattr(one, "files", []):
            file.close()

    @pytest.fixture
    def opened(self, controller):
        return controller

class TestForgetful(testing.Remotes):
    pass
"""


def test_suite_notices_what_breaks_the_contract(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(BROKEN)

    done = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-rfE")

    wrong = {line.split("::")[-1].split(" ")[0] for line in done.outlines if line.startswith("FAILED")}
    assert wrong == {
        "test_contract_of_each_capability_is_checked",
        "test_gives_what_it_has_the_methods_of",
        "test_tells_what_it_holds_before_it_is_opened",
        "test_leaves_nothing_behind",
        "test_key_that_it_lacks_is_an_error_that_lists_its_keys",
    }
    done.stdout.fnmatch_lines(["*NotImplementedError: TestForgetful has no fixture `controller`*"])
