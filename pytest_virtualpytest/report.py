"""Where the steps and attachments of a run go: the Allure results, or nowhere."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pytest

KINDS = {
    "png": "image/png", "mp4": "video/mp4", "txt": "text/plain", "json": "application/json",
    "pcap": "application/vnd.tcpdump.pcap",
}  # fmt: skip


class Report(Protocol):
    """What a device, a measurement and the evidence write into."""

    @contextmanager
    def step(self, title: str, values: Mapping[str, object]) -> Iterator[None]:
        """Show what happens within as one step."""
        yield

    def attach(self, name: str, body: bytes | str, extension: str) -> None:
        """Keep *body* beside the step or the test that runs."""

    def label(self, name: str, value: str) -> None:
        """Label the test that runs."""

    def parameter(self, name: str, value: object, *, excluded: bool) -> None:
        """Show a value of the test that runs; *excluded* from what tells its histories apart."""


class Silent:
    """No report."""

    @contextmanager
    def step(self, title: str, values: Mapping[str, object]) -> Iterator[None]:
        """Show nothing."""
        yield

    def attach(self, name: str, body: bytes | str, extension: str) -> None:
        """Keep nothing."""

    def label(self, name: str, value: str) -> None:
        """Label nothing."""

    def parameter(self, name: str, value: object, *, excluded: bool) -> None:
        """Show nothing."""


class Allure:
    """The results that allure-pytest writes."""

    def __init__(self) -> None:
        from allure_commons import plugin_manager

        self._hook = plugin_manager.hook

    @contextmanager
    def step(self, title: str, values: Mapping[str, object]) -> Iterator[None]:
        """Show what happens within as one step."""
        __tracebackhide__ = True
        number = str(uuid.uuid4())
        shown = {name: str(value) for name, value in values.items() if value is not None}
        self._hook.start_step(uuid=number, title=title, params=shown)
        try:
            yield
        except BaseException as error:
            self._stop(number, title, error)
            raise
        self._stop(number, title, None)

    def attach(self, name: str, body: bytes | str, extension: str) -> None:
        """Keep *body* beside the step or the test that runs."""
        self._hook.attach_data(body=body, name=name, attachment_type=KINDS[extension], extension=extension)

    def label(self, name: str, value: str) -> None:
        """Label the test that runs."""
        self._hook.add_label(label_type=name, labels=(value,))

    def parameter(self, name: str, value: object, *, excluded: bool) -> None:
        """Show a value of the test that runs."""
        self._hook.add_parameter(name=name, value=value, excluded=excluded, mode=None)

    def _stop(self, number: str, title: str, error: BaseException | None) -> None:
        trace = error.__traceback__ if error else None
        kind = type(error) if error else None
        self._hook.stop_step(uuid=number, title=title, exc_type=kind, exc_val=error, exc_tb=trace)


def of(config: pytest.Config) -> Report:
    """Return the report that the run of *config* writes."""
    return Allure() if config.pluginmanager.hasplugin("allure_listener") else Silent()
