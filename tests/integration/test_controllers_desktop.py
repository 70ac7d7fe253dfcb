"""The desktop controller, with real programs: zenity, xterm, Chromium."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from desktops import NASTY, opened, undisturbed
from until import until
from virtualpytest_host.controllers.desktop import Desktop
from virtualpytest_host.desktop import windows
from virtualpytest_host.desktop.server import connection

from pytest_virtualpytest import capabilities
from pytest_virtualpytest.exceptions import DeviceError

ECHO = "stty -echo -icanon min 1; cat > \"$1\""  # what an xterm does with its keys: nothing of a terminal's own


@pytest.fixture(scope="module")
def desktop() -> Iterator[Desktop]:
    """Give a desktop without a window."""
    with undisturbed(), opened() as desktop:
        yield desktop


@pytest.fixture(autouse=True)
def _bare(desktop: Desktop) -> Iterator[None]:
    """Leave no program behind."""
    yield
    for name, _ in list(desktop._running):
        desktop.stop(name)


def complaint(action: Callable[[], object]) -> str:
    with pytest.raises(DeviceError) as caught:
        action()
    assert "\n" not in caught.value.message
    return caught.value.message


def answer(desktop: Desktop) -> str:
    """Press Enter in a zenity dialog, and return what it prints then."""
    [process] = [process for name, process in desktop._running if name == "zenity"]
    desktop.press("ENTER")
    assert process.wait(20)
    return process.said()[0]


@pytest.mark.parametrize(
    "name", ["Remote", "Keyed", "Holds", "Types", "Pointer", "Shell", "Files", "Apps", "Starts", "Windowed", "Watched",
             "Described"],
)  # fmt: skip
def test_it_has_what_each_capability_wants(name: str) -> None:
    assert isinstance(Desktop(":0"), getattr(capabilities, name))


@pytest.mark.parametrize("text", [*NASTY, "".join(map(chr, range(0x410, 0x450)))])
def test_typed_text_reaches_a_dialog_as_it_is(desktop: Desktop, text: str) -> None:
    desktop.start("zenity", ["--entry"])

    desktop.type(text)

    assert answer(desktop) == f"{text}\n"


@pytest.mark.parametrize("text", [*NASTY, "two\nlines\tand a tab"])
def test_typed_text_reaches_a_terminal_as_it_is(desktop: Desktop, tmp_path: Path, text: str) -> None:
    desktop.start("xterm", ["-u8", "-e", "sh", "-c", ECHO, "sh", str(tmp_path / "typed")])
    until((tmp_path / "typed").exists)

    desktop.type(text)

    until(lambda: (tmp_path / "typed").read_bytes() == text.encode())


@pytest.mark.parametrize("text", [*NASTY, "new\nline"])
def test_arguments_of_programs_are_data(desktop: Desktop, text: str) -> None:
    desktop.start("zenity", ["--entry", f"--title={text}", f"--entry-text={text.splitlines()[0]}"])

    assert desktop.windows()[0].text.splitlines() == text.splitlines()
    assert answer(desktop) == f"{text.splitlines()[0]}\n"


def test_characters_that_no_key_has_do_not_spoil_those_before(desktop: Desktop) -> None:
    lines = ["é你😀", "".join(map(chr, range(0x4E00, 0x4E10))), "ж", "plain é"]
    desktop.start("zenity", ["--entry"])

    for line in lines:
        desktop.type(line)

    assert answer(desktop) == f"{''.join(lines)}\n"


def test_character_that_no_key_enters_is_an_error(desktop: Desktop) -> None:
    assert complaint(lambda: desktop.type("a\0b")) == "desktop: no key enters '\\x00'"


def test_several_keys_at_once(desktop: Desktop) -> None:
    desktop.start("zenity", ["--entry", "--entry-text=gone"])

    desktop.press("CTRL+A")
    desktop.press("BACKSPACE")
    desktop.press("SHIFT+X")
    desktop.hold("Y", 0.05)

    assert answer(desktop) == "Xy\n"


def test_unknown_key_lists_the_keys(desktop: Desktop) -> None:
    message = complaint(lambda: desktop.press("CTRL+NONE"))

    assert message.startswith("desktop: unknown key 'CTRL+NONE'; keys: UP, DOWN, LEFT, RIGHT, OK, BACK")


def test_keys_go_to_the_window_in_front(desktop: Desktop, tmp_path: Path) -> None:
    for name in ("one", "two"):
        desktop.start("xterm", ["-T", name, "-e", "sh", "-c", ECHO, "sh", str(tmp_path / name)])
        until((tmp_path / name).exists)
    desktop.type("2")
    until(lambda: (tmp_path / "two").read_text() == "2")
    [behind] = [window for window in desktop.windows() if window.text == "one"]

    with desktop.server.used() as gui:
        display = connection(gui)
        windows.bring_to_front(display, display.create_resource_object("window", int(behind.id, 16)))
    desktop.type("1")

    until(lambda: (tmp_path / "one").read_text() == "1")
    assert (tmp_path / "two").read_text() == "2"


def test_button_is_clicked(desktop: Desktop) -> None:
    desktop.start("zenity", ["--question", "--text=Well?"])
    [process] = [process for _, process in desktop._running]
    x, y, width, height = desktop.windows()[0].region

    desktop.click(x + width // 4, y + height - 20, "left", 1)  # "No" is on the left

    assert process.wait(20)
    assert process.status() == 1


def test_double_click_chooses_a_word_and_drag_a_line(desktop: Desktop, tmp_path: Path) -> None:
    desktop.start("xterm", ["-fn", "fixed", "-geometry", "80x24+0+0", "-e", "sh", "-c", f"echo first second; {ECHO}",
                            "sh", str(tmp_path / "typed")])  # fmt: skip
    until((tmp_path / "typed").exists)

    desktop.click(10, 8, "left", 2)
    desktop.click(300, 100, "middle", 1)  # enters what is chosen
    until(lambda: (tmp_path / "typed").read_text() == "first")
    desktop.drag([(4, 8), (50, 8), (150, 8)], 0.3, "left")
    desktop.click(300, 100, "middle", 1)

    until(lambda: (tmp_path / "typed").read_text().startswith("firstfirst second"))


def test_wheel_is_turned(desktop: Desktop, tmp_path: Path) -> None:
    script = "printf '\\033[?1000h\\033[?1006h'; " + ECHO  # the terminal tells of buttons
    desktop.start("xterm", ["-geometry", "80x24+0+0", "-e", "sh", "-c", script, "sh", str(tmp_path / "told")])
    until((tmp_path / "told").exists)

    desktop.scroll(50, 50, 2, 0)
    desktop.scroll(50, 50, -1, 0)

    until(lambda: (tmp_path / "told").read_text().count("M") >= 3)
    buttons = [part.partition(";")[0] for part in (tmp_path / "told").read_text().split("\x1b[<")[1:]]
    assert buttons == ["65", "65", "64"]


@pytest.fixture
def managed(tmp_path: Path) -> Iterator[Desktop]:
    """Give a desktop with a window manager, of which the keyboard does not follow the pointer."""
    (tmp_path / "rc").write_text("<?xml version='1.0'?><JWM><FocusModel>click</FocusModel></JWM>")
    with opened() as desktop:
        desktop.run(f"jwm -f {tmp_path}/rc >/dev/null 2>&1 &", 20)
        with desktop.server.used(60) as gui:
            until(lambda: windows._managed(connection(gui)))
        yield desktop


def test_window_manager_is_asked_for_the_front(managed: Desktop, tmp_path: Path) -> None:
    for name in ("one", "two"):
        managed.start("xterm", ["-T", name, "-e", "sh", "-c", ECHO, "sh", str(tmp_path / name)])
        until((tmp_path / name).exists)
        managed.type(name)
        until(lambda name=name: (tmp_path / name).read_text() == name)  # type: ignore[misc]
    managed.start("zenity", ["--info", "--title=three"])

    managed.launch("xterm")
    front, *behind = managed.windows()
    managed.press("X")

    until(lambda: (tmp_path / front.text).read_text() == f"{front.text}x")
    assert sorted(window.text for window in behind) == sorted({"one", "two", "three"} - {front.text})
    managed.stop("zenity")
    assert managed.current() == "xterm"


def test_program_that_runs_is_brought_to_the_front(desktop: Desktop) -> None:
    desktop.launch("xterm")
    desktop.start("zenity", ["--info", "--text=over it"])
    assert desktop.current() == "zenity"

    desktop.launch("xterm")

    assert [window.app for window in desktop.windows()] == ["xterm", "zenity"]
    assert desktop.current() == "xterm"


def test_program_is_ended_with_all_that_it_has_started(desktop: Desktop, tmp_path: Path) -> None:
    desktop.start("xterm", ["-e", "sh", "-c", f"sleep 1000 & echo $! > {tmp_path}/pid; wait"])
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())

    desktop.stop("xterm")

    assert desktop.windows() == []
    until(lambda: not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists())


def test_window_of_a_program_that_another_has_started_is_closed(desktop: Desktop) -> None:
    desktop.run("xterm >/dev/null 2>&1 &", 10)
    until(lambda: desktop.current() == "xterm")

    desktop.stop("xterm")

    assert desktop.current() == ""


@pytest.mark.parametrize(
    ("app", "arguments", "message"),
    [
        ("no-such-program", [], "no program 'no-such-program'"),
        ("zenityy", [], "no program 'zenityy'"),
        ("bin/sh", [], "no program 'bin/sh'"),
        ("/etc/passwd", [], "no program '/etc/passwd'"),
        ("sh", ["-c", "echo too bad >&2; exit 3"], "'sh' ended with status 3 before it showed a window: too bad"),
        ("zenity", ["--nonsense"], "'zenity' ended with status 255 before it showed a window"),
        ("sleep", ["1000"], "'sleep' showed no window within 1 s; it was ended"),
        ("xterm", ["a\0b"], "'/usr/bin/xterm' cannot be started: embedded null byte"),
    ],
)
def test_program_that_does_not_start_is_told(
    desktop: Desktop, monkeypatch: pytest.MonkeyPatch, app: str, arguments: list[str], message: str
) -> None:
    monkeypatch.setattr(desktop, "start_timeout", 1.0 if app == "sleep" else 20.0)

    assert message in complaint(lambda: desktop.start(app, arguments))
    assert not [name for name, process in desktop._running if process.status() is None]


def test_browser_shows_a_page_and_takes_keys(desktop: Desktop, tmp_path: Path) -> None:
    field = "<input autofocus onfocus='document.title = \"ready\"' oninput='document.title = this.value'>"
    (tmp_path / "page.html").write_text(f"<title>start</title>{field}")
    options = ["--no-sandbox", "--no-first-run", f"--user-data-dir={tmp_path}/profile", "--disable-gpu"]

    desktop.start("chromium", [*options, f"file://{tmp_path}/page.html"])
    until(lambda: desktop.windows()[0].text.startswith("ready"), 60)
    desktop.type("Grüße 😀")

    until(lambda: desktop.windows()[0].text.startswith("Grüße 😀"))
    desktop.stop("chromium")
    assert desktop.windows() == []


def test_command_left_running_does_not_keep_the_call(desktop: Desktop) -> None:
    began = time.monotonic()

    done = desktop.run("sleep 30 & echo said; echo complained >&2; exit 3", 20)

    assert (done.status, done.output, done.errors) == (3, "said\n", "complained\n")
    assert time.monotonic() - began < 20


def test_program_that_is_not_there_is_an_error(desktop: Desktop) -> None:
    assert "'no-such-program' cannot be started: No such file" in complaint(lambda: desktop.run(["no-such-program"], 5))


@pytest.mark.parametrize("action", ["pull", "entries"])
def test_path_that_is_not_there_is_named(desktop: Desktop, action: str) -> None:
    message = complaint(lambda: getattr(desktop, action)("/none/such"))

    assert message.startswith("desktop: '/none/such' cannot be ")
    assert message.endswith("No such file or directory")


def test_it_says_what_it_is(desktop: Desktop) -> None:
    assert desktop.facts().items() >= {"resolution": "1280x720"}.items()


def test_size_of_a_display_of_its_own_is_as_wanted() -> None:
    with opened(size="800x600") as small:
        assert small.facts()["resolution"] == "800x600"


@pytest.mark.parametrize("size", ["800 x 600", "0x600", "800x32768", "800", ""])
def test_size_that_is_none_is_told(size: str) -> None:
    assert f"size {size!r} is none" in complaint(lambda: Desktop("virtual", size))
