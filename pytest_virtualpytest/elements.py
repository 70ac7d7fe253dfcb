"""What a test sees of a device by the device's own description: elements, found by what they say and are."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

from pytest_virtualpytest.answers import Element
from pytest_virtualpytest.link import Link
from pytest_virtualpytest.models import Press


class Wanted(TypedDict, total=False):
    """Which elements: all that is given must hold; case and blanks of *text* and *description* do not count.

    *id* and *kind* may be given without what stands before the last ``/`` or ``.``. *within* is an element
    around it, *beside* one that shares its parent.
    """

    text: str
    contains: str
    description: str
    id: str
    kind: str
    app: str
    within: Wanted
    beside: Wanted


class Ui:
    """What is on screen, as the device itself describes it."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def tree(self) -> Element:
        """Return the root of all elements on screen."""
        __tracebackhide__ = True
        with self._link.step("elements"):
            return Element.from_wire(self._link.call("ui.tree").value)

    def find(self, **wanted: Unpack[Wanted]) -> Element | None:
        """Return the first element that is *wanted*, None where there is none now."""
        __tracebackhide__ = True
        return next(iter(self.find_all(**wanted)), None)

    def find_all(self, **wanted: Unpack[Wanted]) -> list[Element]:
        """Return every element that is *wanted* now."""
        __tracebackhide__ = True
        with self._link.step(f"find element {_said(wanted)}"):
            found = self._link.call("ui.find_all", {"wanted": wanted}).value
            return [Element.from_wire(one) for one in found]

    def wait_for(self, *, timeout: float | None = None, **wanted: Unpack[Wanted]) -> Element:
        """Return the first element that is *wanted*, or NotSeen after *timeout* seconds, times the lab's scale."""
        __tracebackhide__ = True
        with self._link.step(f"wait for element {_said(wanted)}"):
            return Element.from_wire(self._awaited("ui.wait_for", wanted, timeout))

    def tap(self, *, timeout: float | None = None, **wanted: Unpack[Wanted]) -> Press:
        """Tap the middle of the first element that is *wanted*, waited for as by `wait_for`; return when."""
        __tracebackhide__ = True
        with self._link.step(f"tap element {_said(wanted)}"):
            return Press.from_wire(self._awaited("ui.tap", wanted, timeout))

    def _awaited(self, method: str, wanted: Wanted, timeout: float | None) -> dict[str, Any]:
        __tracebackhide__ = True
        seconds = self._link.seconds(timeout)
        value: dict[str, Any] = self._link.call(method, {"wanted": wanted, "timeout": seconds}, seconds=seconds).value
        return value


def _said(wanted: object) -> str:
    if not isinstance(wanted, dict):
        return repr(wanted)
    return ", ".join(f"{name}={_said(value)}" for name, value in wanted.items())
