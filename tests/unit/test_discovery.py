"""What is attached to a host, from what the kernel, adb and a box tell."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import lircds
import pytest
from trees import planted
from virtualpytest_host import discovery
from virtualpytest_host.discovery import Attached

from pytest_virtualpytest.exceptions import DeviceError

GRABBER = "usb-MACROSILICON_USB3_Video-video-index0"
FTDI = "usb-FTDI_FT232R_A50285BI-if00-port0"


def test_video_input_is_named_by_what_stays_when_others_are_plugged_in(tmp_path: Path) -> None:
    root = planted(
        tmp_path,
        {"sys/class/video4linux/video0/name": "USB3 Video: HDMI\n", "sys/class/video4linux/video0/index": "0\n",
         "sys/class/video4linux/video1/name": "USB3 Video: HDMI\n", "sys/class/video4linux/video1/index": "1\n",
         "dev/video0": "", "dev/video1": ""},
        {f"dev/v4l/by-id/{GRABBER}": "../../video0"},
    )  # fmt: skip

    found = list(discovery.videos(root))

    path = f"/dev/v4l/by-id/{GRABBER}"
    settings = {"source": path, "format": "v4l2"}
    assert found == [Attached("video", path, "USB3 Video: HDMI", "video", settings)]


def test_video_inputs_without_a_lasting_name_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    names = ("video10", "video2")
    root = planted(tmp_path, {f"dev/{name}": "" for name in names}
                   | {f"sys/class/video4linux/{name}/name": name for name in names})  # fmt: skip

    found = [one.path for one in discovery.videos(root)]

    assert found == ["/dev/video2", "/dev/video10"]


def test_video_input_that_the_kernel_knows_but_udev_has_not_made_is_none(tmp_path: Path) -> None:
    root = planted(tmp_path, {"sys/class/video4linux/video0/name": "camera"})

    assert list(discovery.videos(root)) == []


def test_serial_port_is_named_by_what_is_plugged_in(tmp_path: Path) -> None:
    root = planted(
        tmp_path, {"dev/ttyUSB0": "", "dev/ttyACM3": "", "dev/ttyS0": ""}, {f"dev/serial/by-id/{FTDI}": "../../ttyUSB0"}
    )

    found = [(one.path, one.name, one.settings) for one in discovery.serials(root)]

    lasting = f"/dev/serial/by-id/{FTDI}"
    assert found == [
        ("/dev/ttyACM3", "serial port", {"port": "/dev/ttyACM3"}),
        (lasting, FTDI, {"port": lasting}),
    ]


def test_display_that_listens_is_found_and_one_that_ended_is_not(tmp_path: Path) -> None:
    sockets = planted(tmp_path, {"tmp/.X11-unix/X3": ""}) / "tmp/.X11-unix"
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as ended:
        server.bind(str(sockets / "X99"))
        server.listen()
        ended.bind(str(sockets / "X7"))
        ended.close()

        found = list(discovery.displays(tmp_path))

    [display] = found
    assert replace(display, trouble="") == Attached("display", ":99", "X display", "desktop", {"display": ":99"})
    assert display.trouble in {"", "it needs virtualpytest[desktop] on the host"}


def test_phones_are_read_from_what_adb_prints() -> None:
    text = """List of devices attached
R58M123ABCD            device usb:1-4 product:beyond1 model:SM_G973F device:beyond1 transport_id:2
192.0.2.9:5555         device product:sdk model:Chromecast_HD device:sabrina transport_id:3
0123456789             unauthorized usb:1-5 transport_id:4
emulator-5554          offline

"""

    found = [(one.path, one.name, one.trouble) for one in discovery.told_by_adb(text)]

    assert found == [
        ("R58M123ABCD", "SM G973F", ""),
        ("192.0.2.9:5555", "Chromecast HD", ""),
        ("0123456789", "Android device", "adb says unauthorized"),
        ("emulator-5554", "Android device", "adb says offline"),
    ]


def test_network_interfaces_are_those_of_hardware_and_the_hosts_own_way_out_is_told(tmp_path: Path) -> None:
    route = "Iface Destination Gateway\neth0 00000000 0102A8C0\neth1 0002A8C0 00000000\n"
    plugged = {"eth0": "1", "eth1": "1", "eth2": "0", "lo": "1"}
    carriers = {f"sys/class/net/{name}/carrier": one for name, one in plugged.items()}
    devices = {f"sys/class/net/{name}/device/vendor": "" for name in ("eth0", "eth1", "eth2")}
    root = planted(tmp_path, {"proc/net/route": route, **carriers, **devices})

    found = [(one.path, one.controller, one.settings, one.trouble) for one in discovery.links(root)]

    assert found == [
        ("eth0", "network", {"interface": "eth0"}, "the host itself is reached over it"),
        ("eth1", "network", {"interface": "eth1"}, ""),
        ("eth2", "network", {"interface": "eth2"}, "no carrier"),
    ]


def test_nothing_is_attached_to_an_empty_machine(tmp_path: Path) -> None:
    kinds = (discovery.videos, discovery.serials, discovery.remotes, discovery.displays, discovery.links)

    assert [one for find in kinds for one in find(tmp_path)] == []


class _Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>a printer</html>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def printer() -> Iterator[str]:
    """Give the address of a web server that is no box."""
    with http.server.HTTPServer(("127.0.0.1", 0), _Web) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_another_server_at_the_address_is_no_box(printer: str) -> None:
    found = discovery.box(printer)

    assert (found.path, found.name) == (f"http://{printer}", "another server")
    assert found.trouble == "what answers there is no Roku, nor speaks its protocol"


def test_address_where_nothing_listens_says_so() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        found = discovery.box(f"127.0.0.1:{nobody.getsockname()[1]}")

    assert (found.name, found.trouble) == ("no answer", "[Errno 111] Connection refused")


@pytest.mark.parametrize("address", ["", "192.0.2.7:x", "192.0.2.7/keypress/Home", "a@192.0.2.7", "192.0.2.7?x"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(DeviceError) as caught:
        discovery.box(address)

    assert str(caught.value) == f"{address!r} is no address; wanted one such as 192.0.2.7 or 192.0.2.7:8060"


def test_remotes_are_those_that_lircs_daemon_knows(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with lircds.running(tmp_path / "run") as lircd:
        (tmp_path / "run/lirc").mkdir()
        (tmp_path / "run/lirc/lircd").symlink_to(lircd.socket)

        found = [(one.sort, one.controller, one.settings, one.trouble) for one in discovery.remotes(tmp_path)]

    assert sorted(found, key=str) == [
        ("infrared", "infrared", {"codes": "horizon"}, ""), ("infrared", "infrared", {"codes": "tv"}, ""),
    ]  # fmt: skip
    [lost] = discovery.remotes(tmp_path)
    assert "Connection refused" in lost.trouble
