"""Checks of what a device is asked itself: shell, files, apps, log, console."""

from __future__ import annotations

import re
import secrets
import time
from typing import Any, ClassVar

import pytest

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host.testing.opened import NOBODY, Opened

HOSTILE = [
    "a b", " blanks ", "it's", '"x"', "$(exit 9)", "`exit 9`", "; exit 9", "| & < > * ? ~", "%s 100%", "-rf", "#",
    "back\\slash", "new\nline", "é€你", "😀",
]  # fmt: skip


class Shells(Opened):
    """Commands."""

    def test_status_and_output_come_back(self, opened: Any) -> None:
        """Fail if they are not the command's own."""
        done = opened.run("echo said; exit 3", 10.0)

        assert (done.status, done.output.strip()) == (3, "said")

    @pytest.mark.parametrize("text", HOSTILE)
    def test_arguments_are_data(self, opened: Any, text: str) -> None:
        """Fail if an argument is not what the program gets."""
        done = opened.run(["printf", "%s", text], 10.0)

        assert (done.status, done.output) == (0, text)

    def test_command_that_takes_too_long_is_an_error_and_the_next_one_works(self, opened: Any) -> None:
        """Fail if a command outlives its time, or spoils the next."""
        began = time.monotonic()
        with pytest.raises(DeviceError):
            opened.run("sleep 60", 0.5)

        assert time.monotonic() - began < 30.0
        assert opened.run("echo here", 10.0).output.strip() == "here"


class Storages(Opened):
    """Files; *folder* is one of the device's that may be written to."""

    folder: ClassVar[str] = "/tmp"  # of the device

    @pytest.mark.parametrize("name", HOSTILE)
    def test_file_comes_back_as_it_was_whatever_its_name(self, opened: Any, name: str) -> None:
        """Fail if content or name is changed on the way, there or back."""
        place = f"{self.folder}/vpt-{secrets.token_hex(4)}"
        content = bytes(range(256)) * 3

        opened.push(content, f"{place}/{name}")

        assert opened.pull(f"{place}/{name}") == content
        found = [(entry.name, entry.size) for entry in opened.entries(place) if not entry.folder]
        assert found == [(name, len(content))]

    def test_file_that_is_not_there_is_an_error_that_names_it(self, opened: Any) -> None:
        """Fail if it is taken for an empty one."""
        with pytest.raises(DeviceError, match=NOBODY):
            opened.pull(f"{self.folder}/{NOBODY}")


class Programs(Opened):
    """Apps; *app* is one that may be started and ended."""

    app: ClassVar[str]

    def test_app_is_brought_to_the_front_and_ended(self, opened: Any) -> None:
        """Fail if it is not in front after launch, or still is after stop."""
        opened.launch(self.app)
        assert opened.current() == self.app

        opened.stop(self.app)
        assert opened.current() != self.app

    @pytest.mark.parametrize("action", ["launch", "stop"])
    @pytest.mark.parametrize("name", [NOBODY, "$(exit 9)", "; exit 0", "-h"])
    def test_app_that_it_lacks_is_an_error_that_names_it(self, opened: Any, action: str, name: str) -> None:
        """Fail if an app that is not there can be started or ended."""
        with pytest.raises(DeviceError) as caught:
            getattr(opened, action)(name)

        assert repr(name) in caught.value.message

    def test_app_is_among_those_installed(self, opened: Any) -> None:
        """Fail if what can be launched is not told."""
        assert self.app in opened.installed()


class Logbooks(Opened):
    """The device's own log."""

    def test_log_from_now_on_is_no_longer_than_from_before(self, opened: Any) -> None:
        """Fail if the moment makes no difference."""
        now, before = opened.since(time.monotonic()), opened.since(time.monotonic() - 3600)

        assert len(now) <= len(before)


class Consoles(Opened):
    """A line of text."""

    @pytest.mark.parametrize("text", HOSTILE)
    def test_any_text_is_sent(self, opened: Any, text: str) -> None:
        """Fail if there is a text that it does not take."""
        opened.write(text.encode())

    def test_what_never_comes_is_waited_for_and_then_none(self, opened: Any) -> None:
        """Fail if it is found, or if the wait is much shorter or longer than asked for."""
        began = time.monotonic()

        found = opened.expect(re.compile(re.escape(NOBODY)), began, 0.5)

        assert found is None
        assert 0.5 <= time.monotonic() - began < 20.0
