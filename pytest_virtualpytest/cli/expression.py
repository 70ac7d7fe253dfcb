"""A target as a test writes it: ``All("banner.png", Sound())``. Names of targets and literals only; nothing is run."""

from __future__ import annotations

import ast
import difflib
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.exceptions import VirtualPytestError

if TYPE_CHECKING:
    from pytest_virtualpytest.targets import Target

NAMES = (
    "All", "AnyOf", "Appears", "Black", "Blockiness", "Color", "Frozen", "Gone", "Image", "Motion", "Not", "Silence",
    "Sound", "Speech", "Spinner", "Text", "Then", "Tone", "for_seconds",
)  # fmt: skip


def target(text: str) -> Target:
    """Return the target that *text* writes; VirtualPytestError says what of it is none."""
    from pytest_virtualpytest import targets

    try:
        node = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise VirtualPytestError(f"{text!r} is no target: {error.msg}; write All('banner.png', Sound())") from None
    return targets.as_target(_made(node))


def _made(node: ast.expr) -> Any:
    if isinstance(node, ast.Call):
        return _called(node)
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise VirtualPytestError(f"{ast.unparse(node)!r} is neither a target nor a value") from None


def _called(node: ast.Call) -> Any:
    from pytest_virtualpytest import targets

    name = ast.unparse(node.func)
    if name not in NAMES:
        near = difflib.get_close_matches(name, NAMES, 1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(NAMES)}"
        raise VirtualPytestError(f"no target {name!r}; {hint}")
    words = {word.arg: _made(word.value) for word in node.keywords if word.arg}
    try:
        return getattr(targets, name)(*map(_made, node.args), **words)
    except TypeError as error:
        raise VirtualPytestError(f"{ast.unparse(node)}: {error}") from None
