"""Lines of a lab file from what is attached: they can be pasted, whatever a device calls itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lab_files import loaded

from pytest_virtualpytest.cli.host import lines
from pytest_virtualpytest.config import HostConfig

HOST = HostConfig("rack1", "ssh=lab@rack1", "/home/lab/current/bin/python")


def found(sort: str = "video", **values: Any) -> dict[str, Any]:
    settings = {"source": "/dev/video0", "format": "v4l2"}
    return {"sort": sort, "path": "/dev/video0", "name": "USB Video", "controller": "video",
            "settings": settings, "trouble": "", **values}  # fmt: skip


def test_lines_are_a_lab_file(lab_folder: Path) -> None:
    things = [found(), found(), found("display", controller="desktop", settings={"display": ":99"})]

    lab = loaded("\n".join([*lines.host(HOST), *lines.devices("rack1", things)]))

    assert lab.hosts["rack1"].python == HOST.python
    assert [(one.name, one.host, one.kind) for one in lab.devices.values()] == [
        ("rack1-video1", "rack1", "stb"), ("rack1-video2", "rack1", "stb"), ("rack1-display1", "rack1", "desktop"),
    ]  # fmt: skip


def test_what_no_controller_here_can_use_is_a_comment_that_says_so(lab_folder: Path) -> None:
    written = lines.devices("rack1", [found("serial", controller="teletype", settings={"port": "/dev/ttyUSB0"})])

    assert written[1] == "# not usable: no controller 'teletype' is installed here"
    assert loaded("\n".join([*lines.host(HOST), *written])).devices == {}


def test_what_the_account_may_not_use_is_a_comment_with_the_reason(lab_folder: Path) -> None:
    written = lines.devices("rack1", [found(trouble="this account may not use it; add it to the group video")])

    assert written[1] == "# not usable: this account may not use it; add it to the group video"
    assert all(line.startswith("#") for line in written if line)


def test_name_that_a_device_has_chosen_cannot_leave_its_line(lab_folder: Path) -> None:
    evil = 'camera\n[hosts.evil]\ngateway = "ssh=x"\x1b[2J'
    settings = {"source": 'a"b\\c\n\x7f', "format": "v4l2"}

    lab = loaded("\n".join([*lines.host(HOST), *lines.devices("rack1", [found(name=evil, settings=settings)])]))

    assert list(lab.hosts) == ["rack1"]
    assert lab.devices["rack1-video1"].controllers[0].settings == settings


def test_name_with_a_dot_is_quoted(lab_folder: Path) -> None:
    host = HostConfig("rack.lab", "ssh=rack.lab")

    lab = loaded("\n".join([*lines.host(host), *lines.devices("rack.lab", [found()])]))

    assert list(lab.hosts) == ["rack.lab"]
    assert lab.devices["rack.lab-video1"].host == "rack.lab"


def test_groups_are_added_by_one_command() -> None:
    account = {"missing": ["video", "dialout"], "account": "lab"}

    assert lines.groups(account) == "to let it use every device: sudo usermod -aG video,dialout lab"
    assert lines.groups({"missing": [], "account": "lab"}) == ""
