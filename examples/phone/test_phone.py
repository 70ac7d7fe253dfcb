"""A phone: its apps, what is on its screen by its own description, its files, shell and log."""

import pytest

from pytest_virtualpytest import DeviceError, Key, Motion, NotSeen

SETTINGS, NOTES = "com.virtual.settings", "com.virtual.notes"


@pytest.fixture(autouse=True)
def _home(mobile):
    for app in (SETTINGS, NOTES):
        mobile.apps.clear(app)
    mobile.remote.press(Key.HOME)


def test_switch_beside_its_name_is_turned(mobile):
    mobile.apps.launch(SETTINGS)
    before = mobile.ui.wait_for(kind="Switch", beside={"text": "Bluetooth"})

    mobile.ui.tap(text="bluetooth")

    after = mobile.ui.find(kind="Switch", beside={"text": "Bluetooth"})
    assert (before.checked, after.checked) == (False, True)


def test_list_is_scrolled_until_a_row_is_there(mobile):
    mobile.apps.launch(SETTINGS)
    assert mobile.ui.find(text="About phone") is None

    mobile.touch.swipe((360, 1100), (360, 300))
    mobile.ui.tap(text="About phone")

    assert mobile.ui.wait_for(id="title").text == "About phone"
    mobile.remote.press(Key.BACK)
    mobile.ui.wait_for(id="title", text="Settings")


@pytest.mark.parametrize("text", ["milk & eggs", "it's \"here\"; $(reboot)", "100 %s `id`"])
def test_note_is_kept_as_it_was_typed(mobile, text):
    mobile.apps.launch(NOTES)

    mobile.remote.type(text)
    mobile.ui.tap(text="Save")

    assert mobile.ui.wait_for(id="note").text == text


def test_picture_changes_with_the_app(mobile, measure):
    start = mobile.apps.launch(SETTINGS)

    seen = mobile.screen.wait_for(Motion(), since=start, timeout=5)

    measure("start to picture", seen.after(start), maximum=2)


def test_file_comes_back_as_it_went(mobile, tmp_path):
    mobile.files.push(b"\x00\xffphoto", "/sdcard/DCIM/a photo's $(name).jpg")

    fetched = mobile.files.pull("/sdcard/DCIM/a photo's $(name).jpg", tmp_path / "photo.jpg")

    assert fetched == (tmp_path / "photo.jpg").read_bytes() == b"\x00\xffphoto"
    assert [entry.name for entry in mobile.files.list("/sdcard/DCIM")] == ["a photo's $(name).jpg"]


def test_command_has_a_status(mobile):
    done = mobile.shell.run("ls /none; exit 3")

    assert (done.status, done.errors) == (3, "ls: /none: No such file or directory\n")
    assert mobile.shell.run(["echo", "$(reboot)", ";"]).output == "$(reboot) ;\n"


def test_log_tells_which_app_was_started(mobile):
    start = mobile.apps.launch(NOTES)

    assert f"cmp={NOTES}" in mobile.logs.since(start)
    assert mobile.apps.current() == NOTES


def test_what_is_not_there_is_named(mobile):
    with pytest.raises(DeviceError, match=r"no app '.*'; did you mean 'com\.virtual\.notes'"):
        mobile.apps.launch("com.virtual.note")
    with pytest.raises(NotSeen, match="nearest: 'Settings'"):
        mobile.ui.wait_for(text="Setings", timeout=0.2)
