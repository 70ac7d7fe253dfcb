"""The elements on a device's screen: found by what they say and are, waited for, and tapped."""

from __future__ import annotations

import difflib
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pytest_virtualpytest.answers import Element
from pytest_virtualpytest.exceptions import NotSeen
from virtualpytest_host.hands import Inputs

_PAUSE = 0.05  # seconds between two looks
_RELATIONS = {"within", "beside"}
_NAMED = 5  # of the nearest texts in an error

Wanted = Mapping[str, Any]


class Ui:
    """What the device says is on screen: each method is one call of a client."""

    def __init__(self, controller: Any, inputs: Inputs, handler: Callable[[str], Any]) -> None:
        self._controller, self._inputs, self._handler = controller, inputs, handler

    def tree(self) -> dict[str, Any]:
        """Return the root of what is on screen."""
        return self._tree().to_wire()

    def find_all(self, wanted: Wanted) -> list[dict[str, Any]]:
        """Return every element that is *wanted*, in the order of the screen."""
        return [element.to_wire() for element in search(self._tree(), wanted)]

    def wait_for(self, wanted: Wanted, timeout: float) -> dict[str, Any]:
        """Return the first element that is *wanted* within *timeout* seconds, or NotSeen."""
        return self._awaited(wanted, timeout).to_wire()

    def tap(self, wanted: Wanted, timeout: float) -> dict[str, Any]:
        """Tap the middle of the first element that is *wanted*, once it is there; return when."""
        touch, element = self._handler("touch"), self._awaited(wanted, timeout)
        done: dict[str, Any] = touch.tap(*element.centre)
        return done

    def _tree(self) -> Element:
        tree: Element = self._controller.tree()
        return tree

    def _awaited(self, wanted: Wanted, timeout: float) -> Element:
        end = time.monotonic() + timeout
        while True:
            tree = self._tree()
            found = next(search(tree, wanted), None)
            if found is not None:
                return found
            if time.monotonic() >= end:
                raise NotSeen(f"{said(wanted)} not on screen within {timeout:g} s{_nearest(tree, wanted)}")
            time.sleep(_PAUSE)


def search(tree: Element, wanted: Wanted) -> Iterator[Element]:
    """Yield the elements of *tree* that are *wanted*; case and blanks of texts do not count."""
    own = [(_TESTS[name], value) for name, value in wanted.items() if name not in _RELATIONS]
    around = {id(parent) for parent in search(tree, wanted["within"])} if "within" in wanted else None
    for element, parents in _walk(tree, ()):
        if not all(test(element, value) for test, value in own):
            continue
        if around is not None and not any(id(parent) in around for parent in parents):
            continue
        if "beside" not in wanted or (parents and _has(parents[-1], element, wanted["beside"])):
            yield element


def said(wanted: Wanted) -> str:
    """Return *wanted* as an error names it."""
    parts = [f"{name}={said(value) if isinstance(value, Mapping) else repr(value)}" for name, value in wanted.items()]
    return f"({', '.join(parts)})"


def fold(text: str) -> str:
    """Return *text* without what people do not see: case, kinds and number of blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _walk(element: Element, parents: tuple[Element, ...]) -> Iterator[tuple[Element, tuple[Element, ...]]]:
    yield element, parents
    for child in element.children:
        yield from _walk(child, (*parents, element))


def _has(parent: Element, element: Element, wanted: Wanted) -> bool:
    """Tell whether *parent* has, beside *element*, something *wanted*."""
    return any(next(search(child, wanted), None) for child in parent.children if child is not element)


_TESTS: dict[str, Callable[[Element, str], bool]] = {
    "text": lambda element, text: element.text == text or fold(element.text) == fold(text),
    "contains": lambda element, text: text in element.text or fold(text) in fold(element.text),
    "description": lambda element, text: element.description == text or fold(element.description) == fold(text),
    "id": lambda element, name: name in {element.id, element.id.rpartition("/")[2]},
    "kind": lambda element, name: name in {element.kind, element.kind.rpartition(".")[2]},
    "app": lambda element, name: element.app == name,
}


def _nearest(tree: Element, wanted: Wanted) -> str:
    """Return what is on screen that is most like what is *wanted*."""
    name = next((name for name in ("text", "contains", "description", "id") if name in wanted), "text")
    field = "text" if name == "contains" else name
    there = dict.fromkeys(value for element, _ in _walk(tree, ()) if (value := str(getattr(element, field))))
    near = difflib.get_close_matches(str(wanted.get(name, "")), there, _NAMED, 0.4) or list(there)[:_NAMED]
    return f"; nearest: {', '.join(map(repr, near))}" if near else f"; nothing there has a {field}"
