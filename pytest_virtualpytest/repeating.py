"""Each test several times in one run, under its own name: attempts of one test, not tests of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


class Repeating:
    """Has each test run *times* times: all once, then all again."""

    def __init__(self, times: int) -> None:
        self._times = times

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Add the further ones."""
        items += [twin for _ in range(self._times - 1) for item in list(items) for twin in _twins(item)]


def _twins(item: pytest.Item) -> Iterator[pytest.Item]:
    """Yield another *item*; what is no function is run once."""
    if isinstance(item, pytest.Function):
        yield type(item).from_parent(
            item.parent, name=item.name, originalname=item.originalname, callspec=getattr(item, "callspec", None),
            fixtureinfo=item._fixtureinfo,  # noqa: SLF001  # pytest has no other way to make a test again
        )  # fmt: skip
