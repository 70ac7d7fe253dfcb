"""A worker's loop that takes its next test only when it is free, so that no other device waits for it.

xdist's own loop must know the next test before it runs one, to tell pytest which fixtures to keep. Here the
fixtures above the test are kept, and torn down when the next test, or the end, is known.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from pytest_virtualpytest import deferred, provisioning

FINISH = object()


class NextUnknown:
    """Stands for the next test: it shares everything with *item* but the item itself."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item

    def listchain(self) -> list[Any]:
        """Return what is kept set up."""
        return self._item.listchain()[:-1]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._item, name)


class LazyLoop:
    """Runs the tests that the controller sends, one at a time."""

    def __init__(self, interactor: Any) -> None:
        self._interactor = interactor
        # in a worker xdist's module runs under another name, so that what it compares with cannot be imported
        self._end = type(interactor).handle_command.__globals__["Marker"].SHUTDOWN
        self._last: pytest.Item | None = None

    def finish(self) -> None:
        """Have the loop give back what wider fixtures hold, between two tests; called in any thread."""
        self._interactor.torun.put(FINISH)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run what is sent until there is no more."""
        worker = self._interactor
        worker.channel.setcallback(worker.handle_command, endmarker=self._end)
        while (sent := worker.torun.get()) is not self._end:
            if sent is FINISH:
                self._tear_down(session, None)
                continue
            self._run(session, session.items[sent], sent)
            if session.shouldfail or session.shouldstop:
                break
        self._tear_down(session, None)
        return True

    def _run(self, session: pytest.Session, item: pytest.Item, index: int) -> None:
        self._tear_down(session, item)
        self._interactor.item_index = index
        begin = time.perf_counter()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=NextUnknown(item))
        self._last = item
        seconds = time.perf_counter() - begin - provisioning.spent(item)
        self._interactor.sendevent("runtest_protocol_complete", item_index=index, duration=seconds)

    def _tear_down(self, session: pytest.Session, following: pytest.Item | None) -> None:
        """End what the last test shares with others, but not with *following*; an error is reported as its own."""
        item, self._last = self._last, following and self._last
        if item is None:
            return
        state = session._setupstate  # noqa: SLF001  # pytest itself tears down only once it knows the next test
        deferred.tear_down(item, lambda: state.teardown_exact(following))
