"""Which pictures the source of a test is certain to need."""

from __future__ import annotations

import textwrap

import pytest

from pytest_virtualpytest import header, literals

NAMES = ("All", "AnyOf", "Appears", "Gone", "Image", "Motion", "Not", "Page", "Then", "for_seconds")


def named(body: str, *fixtures: str, before: str = "") -> list[str]:
    """Return what a test with *body* names; *before* stands above it, and it has the fixture stb and *fixtures*."""
    head = f"import pytest\nimport pytest_virtualpytest as vpt\nfrom pytest_virtualpytest import {', '.join(NAMES)}\n"
    test = f"def test_it({', '.join(('stb', *fixtures))}):\n{textwrap.indent(textwrap.dedent(body), '    ')}\n"
    text = f"{head}{textwrap.dedent(before)}\n{test}"
    source = literals.Source(text)
    line = text.splitlines().index(test.splitlines()[0]) + 1
    found = source.named([source.function("test_it", line), *fixtures], {"stb", "devices"})
    return sorted(one.name for one in found)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("stb.screen.wait_for('a.png', timeout=3)", ["a.png"]),
        ("assert not stb.screen.find('a.png')", ["a.png"]),
        ("x = len(stb.screen.find_all('a.png'))", ["a.png"]),
        ("with stb.screen.never('a.png', Motion(), 'b.png'):\n    stb.remote.press('OK')", ["a.png", "b.png"]),
        ("stb.remote.press_until('DOWN', 'a.png', at_most=3)", ["a.png"]),
        ("stb.remote.press_until('DOWN', target='a.png', at_most=3)", ["a.png"]),
        ("stb.zap('CHANNEL_UP', banner='a.png')", ["a.png"]),
        ("stb.screen.wait_for(All('a.png', Not('b.png'), Then(Image('c.png', 9))))", ["a.png", "b.png", "c.png"]),
        ("stb.screen.wait_for(vpt.Gone('a.png'))", ["a.png"]),
        ("stb.screen.wait_for(for_seconds('a.png', 2))", ["a.png"]),
        ("stb.screen.wait_for(Image(name='a.png'))", ["a.png"]),
        ("stb.screen.wait_for(Motion(mask='m.png'))", ["m.png"]),
        ("stb.screen.transition(since=stb.remote.press('OK'), mask='m.png')", ["m.png"]),
        ("devices.left.screen.find('a.png')\ndevices['right'].screen.find('b.png')", ["a.png", "b.png"]),
        ("if stb.kind == 'stb':\n    stb.screen.wait_for('a.png')", ["a.png"]),
        ("def inner():\n    stb.screen.wait_for('a.png')\ninner()", ["a.png"]),
        ("stb.pointer.click('a.png')\nstb.pointer.drag('b.png', (1, 2))", ["a.png", "b.png"]),
        ("target = Appears('a.png')\nstb.screen.wait_for(target)", ["a.png"]),
    ],
)
def test_literals_that_are_references(body: str, expected: list[str]) -> None:
    assert named(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "stb.screen.wait_for(name)",
        "stb.screen.wait_for(f'{name}.png')",
        "stb.screen.wait_for('a' + '.png')",
        "stb.screen.find_text('Settings')",
        "stb.screen.wait_for('banner')",
        "other.screen.wait_for('a.png')",
        "stb.wait_for('a.png')",
        "stb.audio.wait_for('a.png')",
        "with pytest.raises(Exception):\n    stb.screen.wait_for('a.png')",
        "with contextlib.suppress(Exception):\n    stb.screen.wait_for('a.png')",
        "try:\n    stb.screen.wait_for('a.png')\nexcept Exception:\n    pass",
        "stb.screen.frame().save('a.png')\nstb.screen.wait_for('a.png')",
        "(here / 'a.png').write_bytes(b'')\nstb.screen.wait_for('a.png')",
        "stb.screen.frame().save(tmp_path / 'x/a.png')\nstb.screen.wait_for('a.png')",
        "PIL.Image('a.png')",
    ],
)
def test_what_is_not_certain_is_left_out(body: str) -> None:
    assert named(body) == []


def test_class_of_the_same_name_from_elsewhere_is_no_target() -> None:
    source = literals.Source("from PIL import Image\ndef test_it(stb):\n    Image('a.png')\n")

    assert source.named([source.function("test_it", 2)], {"stb"}) == []


def test_what_the_test_uses_of_its_module_is_read_too() -> None:
    before = """
    BANNER = Image("banner.png")
    UNUSED = Image("unused.png")

    class Guide(Page):
        shows = All("guide.png", BANNER)
        def open(self):
            return self.screen.find("open.png")

    class Menu(Page):
        shows: str = "menu.png"

    class Other(Page):
        shows = "other.png"

    @pytest.fixture
    def at_home(stb):
        stb.screen.wait_for("home.png")

    def helper(stb):
        stb.screen.wait_for("helped.png")
    """

    assert named("helper(stb)\nGuide.wait_for(stb)", "at_home", before=before) == [
        "banner.png", "guide.png", "helped.png", "home.png",
    ]  # fmt: skip
    assert named("Menu(stb)", before=before) == ["menu.png"]


def test_line_is_that_of_the_literal() -> None:
    source = literals.Source("def test_it(stb):\n    stb.screen.wait_for(\n        'a.png',\n    )\n")

    assert source.named([source.function("test_it", 1)], {"stb"}) == [literals.Literal("a.png", 3)]


def test_functions_of_one_name_are_told_apart_by_their_line() -> None:
    text = "class TestA:\n    @mark\n    def test_it(self, stb):\n        stb.screen.find('a.png')\n"
    source = literals.Source(text + "class TestB:\n    def test_it(self, stb):\n        stb.screen.find('b.png')\n")

    assert [one.name for one in source.named([source.function("test_it", 2)], {"stb"})] == ["a.png"]
    assert [one.name for one in source.named([source.function("test_it", 6)], {"stb"})] == ["b.png"]
    assert source.function("test_it", 9) is None


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "it is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "it is a pointer of Git LFS, not the picture"),
        (b"<!DOCTYPE html><html>", "it is no picture: it begins with b'<!DOCTYPE ht'"),
        (b"\x89PNG\r\n\x1a\n\0\0", "it is cut off after 10 bytes"),
    ],
)
def test_header_tells_what_is_no_picture(content: bytes, fault: str) -> None:
    assert header.fault(content).startswith(fault)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp", ".tiff", ".pgm", ".ppm", ".jp2", ".gif", ".hdr"])
def test_header_knows_what_can_be_read(suffix: str) -> None:
    import cv2
    import numpy as np

    pixels = np.full((90, 120, 3), 90, np.float32 if suffix == ".hdr" else np.uint8)
    pixels = pixels[:, :, 0] if suffix == ".pgm" else pixels

    assert header.fault(bytes(cv2.imencode(suffix, pixels)[1])) == ""
