"""A desktop: programs and their windows, keyboard and mouse, what is on screen, files and shell."""

import pytest

from pytest_virtualpytest import DeviceError, Key, Motion, NotSeen, Text

NOTE = "/tmp/vpt-example/note"   # the program under test
KEPT = "/tmp/vpt-example/kept"   # where it keeps what is written
PROGRAM = f"""#!/bin/sh
zenity --entry --title='New note' --text="What shall be kept?" --ok-label=Keep --cancel-label=Discard > {KEPT}.new
mv {KEPT}.new {KEPT}
"""


@pytest.fixture
def note(desktop):
    """The program, installed and opened."""
    desktop.files.push(PROGRAM.encode(), NOTE)
    desktop.shell.run(f"chmod +x {NOTE}; rm -f {KEPT}")
    desktop.apps.launch(NOTE)
    yield desktop.apps.wait_for_window("new note", timeout=20)
    desktop.apps.stop(NOTE)


def kept(desktop):
    """Return what the program has kept, once it has."""
    desktop.shell.run(f"until [ -e {KEPT} ]; do sleep 0.1; done", timeout=20)
    return desktop.files.pull(KEPT).decode().rstrip("\n")


@pytest.mark.parametrize("text", ["milk & eggs", "it's \"here\"; $(reboot)", "Grüße, 你好, мир 😀"])
@pytest.mark.usefixtures("note")
def test_note_is_kept_as_it_was_typed(desktop, text):
    desktop.remote.type(text)
    desktop.remote.press(Key.OK)

    assert kept(desktop) == text


def test_note_is_discarded_by_the_mouse(desktop, note):
    desktop.remote.type("not this")

    desktop.pointer.click(Text("Discard"), region=note.region, timeout=20)

    assert kept(desktop) == ""


@pytest.mark.usefixtures("note")
def test_what_is_chosen_is_written_over(desktop):
    desktop.remote.type("first")
    desktop.remote.press("CTRL+A")
    desktop.remote.type("second")
    desktop.remote.press(Key.OK)

    assert kept(desktop) == "second"


def test_typing_shows_on_screen(desktop, note, measure):
    desktop.screen.stable(0.5, region=note.region, timeout=20)

    press = desktop.remote.press("W")

    seen = desktop.screen.wait_for(Motion(), since=press, region=note.region, timeout=10)
    measure("key to picture", seen.after(press), maximum=2)


@pytest.mark.usefixtures("note")
def test_windows_are_told_the_one_in_front_first(desktop):
    desktop.apps.launch("xterm", "-title", "behind no more")

    assert [window.text for window in desktop.apps.windows()] == ["behind no more", "New note"]
    assert desktop.apps.current() == "xterm"
    desktop.apps.launch(NOTE)
    assert desktop.apps.current() == NOTE
    desktop.apps.stop("xterm")


@pytest.mark.usefixtures("note")
def test_what_is_not_there_is_named(desktop):
    with pytest.raises(DeviceError, match="no program 'zenityy'"):
        desktop.apps.launch("zenityy")
    with pytest.raises(NotSeen, match="no window 'Save' on screen"):
        desktop.apps.wait_for_window("Save", timeout=0.2)
