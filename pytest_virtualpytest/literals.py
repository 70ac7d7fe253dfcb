"""Which reference pictures the source of a test names by literals; nothing is imported and nothing is run.

Only what is certain counts: a literal with a picture's suffix, handed to a check of a device's screen or to a target,
in the test's own function or in what that function names of the same module. What the module says elsewhere too is
left out, as it may write that file itself, and so is what stands where an error is expected.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".webp"}
_OURS = "pytest_virtualpytest"
_CHECKS = {"wait_for", "find", "find_all"}
_PLACES = {"move", "click", "double_click", "scroll"}
_COMPOSED = {"All", "AnyOf", "Not", "Appears", "Gone", "Then"}
_FIRST = {"Image", "for_seconds"}
_KEYWORDS = {"Image": {"name"}, "Motion": {"mask"}, "Frozen": {"mask"}, "for_seconds": {"target"}, "Keyboard": {"at"},
             "KeyPage": {"shows"}}  # fmt: skip
_WORDS = {"target", "banner", "mask"}  # of the calls of a device
_EXPECTING = {"raises", "suppress", "warns"}


@dataclass(frozen=True)
class Literal:
    """The name of a picture, and the line that it is on."""

    name: str
    line: int


class Source:
    """One module's source; SyntaxError where it is none."""

    def __init__(self, text: str) -> None:
        tree = ast.parse(text)
        nodes = list(ast.walk(tree))
        self._ours = dict(_imported(nodes))
        self._defined = dict(_defined(tree))
        self._functions = dict(_functions(nodes))
        self._known = [node for node in _Reader(self._ours, None).read(tree) if _is_picture(node.value)]
        elsewhere = set(_said_elsewhere(nodes, self._known))
        self._sure = [node for node in self._known if PurePath(str(node.value)).name not in elsewhere]
        self._names = functools.cache(lambda part: frozenset(_names(part)))
        self._literals = functools.cache(self._read)

    def function(self, name: str, line: int) -> ast.stmt | None:
        """Return the function *name* that begins on *line*, decorators included."""
        return self._functions.get((name, line))

    def named(self, begin: Iterable[ast.stmt | str | None], devices: Collection[str]) -> list[Literal]:
        """Return what *begin*, statements or names of the module, and what they name come to.

        *devices* are the names that stand for devices.
        """
        if not self._sure:
            return []
        own = frozenset(devices)
        return list(dict.fromkeys(one for part in self._reached(begin) for one in self._literals(part, own)))

    def _read(self, part: ast.stmt, devices: frozenset[str]) -> Sequence[Literal]:
        sure = {id(node) for node in self._sure if part.lineno <= node.lineno <= (part.end_lineno or 0)}
        read = _Reader(self._ours, devices).read(part) if sure else ()
        return [Literal(str(node.value), node.lineno) for node in read if id(node) in sure]

    def _reached(self, begin: Iterable[ast.stmt | str | None]) -> Iterator[ast.stmt]:
        waiting, seen = list(begin), set[ast.stmt]()
        while waiting:
            one = waiting.pop()
            part = self._defined.get(one) if isinstance(one, str) else one
            if part is not None and part not in seen:
                seen.add(part)
                waiting += self._names(part)
                yield part


def _names(part: ast.AST) -> Iterator[str]:
    """Yield every name that *part* uses, those of a function's arguments among them: they may be fixtures."""
    for node in ast.walk(part):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


class _Reader(ast.NodeVisitor):
    """Collects the literals that are references; of any device, and wherever they stand, where *devices* is None."""

    def __init__(self, ours: dict[str, str], devices: Collection[str] | None) -> None:
        self._ours, self._devices = ours, devices
        self._found: list[ast.Constant] = []

    def read(self, part: ast.AST) -> Sequence[ast.Constant]:
        """Return those of *part*."""
        self.visit(part)
        return self._found

    def visit_Try(self, node: ast.Try) -> None:  # ast's word
        """Pass over what may fail on purpose."""
        if self._devices is None or not node.handlers:
            self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        """Pass over what is expected to fail."""
        expects = any(_last(item.context_expr) in _EXPECTING for item in node.items)
        if self._devices is None or not expects:
            self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Read what a page shows."""
        if any(self._name(base) == "Page" for base in node.bases):
            for part in node.body:
                targets = part.targets if isinstance(part, ast.Assign) else []
                targets = [part.target] if isinstance(part, ast.AnnAssign) else targets
                if any(isinstance(one, ast.Name) and one.id == "shows" for one in targets):
                    self._take(part.value)  # type: ignore[attr-defined]  # it is one of both assignments
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Read what is handed to a check or a target."""
        self._take(*node.args[self._positional(node.func)])
        self._take(*(word.value for word in node.keywords if word.arg in self._keywords(node.func)))
        self.generic_visit(node)

    def _positional(self, func: ast.expr) -> slice:
        """Return which arguments of *func* may be names of pictures."""
        called = self._name(func)
        if called in _COMPOSED or self._asks(func, "screen", {"never"}) or self._asks(func, "pointer", {"drag"}):
            return slice(None)
        if called in _FIRST or self._asks(func, "screen", _CHECKS) or self._asks(func, "pointer", _PLACES):
            return slice(1)
        return slice(1, 2) if self._asks(func, "remote", {"press_until"}) else slice(0)

    def _keywords(self, func: ast.expr) -> Collection[str]:
        """Return which keywords of *func* take the name of a picture."""
        if self._name(func):
            return _KEYWORDS.get(self._name(func), ())
        asks = self._asks(func, "screen", {"transition", *_CHECKS}) or self._asks(func, "remote", {"press_until"})
        return _WORDS if asks or self._asks(func, "", {"zap"}) else ()

    def _take(self, *nodes: ast.expr | None) -> None:
        self._found += [node for node in nodes if isinstance(node, ast.Constant) and node.value]

    def _name(self, node: ast.expr) -> str:
        """Return what *node* is called in our package, empty if it is of another one."""
        if isinstance(node, ast.Name):
            return self._ours.get(node.id, "")
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return node.attr if self._ours.get(node.value.id) == _OURS else ""
        return ""

    def _asks(self, node: ast.expr, part: str, methods: Collection[str]) -> bool:
        """Tell whether *node* is one of *methods* of a device's *part*, or of the device itself."""
        if not isinstance(node, ast.Attribute) or node.attr not in methods:
            return False
        owner = node.value
        if part:
            if not isinstance(owner, ast.Attribute) or owner.attr != part:
                return False
            owner = owner.value
        return self._devices is None or self._is_device(owner)

    def _is_device(self, node: ast.expr) -> bool:
        assert self._devices is not None
        if isinstance(node, (ast.Attribute, ast.Subscript)):  # devices.left, devices["left"]
            return isinstance(node.value, ast.Name) and node.value.id == "devices" and "devices" in self._devices
        return isinstance(node, ast.Name) and node.id in self._devices


def _imported(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == _OURS:
            yield from ((alias.asname or alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.asname or alias.name, _OURS) for alias in node.names if alias.name == _OURS)


def _defined(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            yield from ((one.id, node) for one in node.targets if isinstance(one, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node


def _functions(nodes: Iterable[ast.AST]) -> Iterator[tuple[tuple[str, int], ast.stmt]]:
    """Yield each function by its name and each line that it may be said to begin on."""
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for line in {node.lineno, *(one.lineno for one in node.decorator_list)}:
                yield (node.name, line), node


def _said_elsewhere(nodes: Iterable[ast.AST], known: Sequence[ast.Constant]) -> Iterator[str]:
    ours = {id(node) for node in known}
    for node in nodes:
        if isinstance(node, ast.Constant) and _is_picture(node.value) and id(node) not in ours:
            yield PurePath(str(node.value)).name


def _is_picture(value: object) -> bool:
    return isinstance(value, str) and PurePath(value).suffix.lower() in SUFFIXES


def _last(node: ast.expr) -> str:
    """Return the last word of what is called: ``raises`` of ``pytest.raises(...)``."""
    called = node.func if isinstance(node, ast.Call) else node
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
