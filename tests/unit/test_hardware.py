"""What a host is made of, from pieces of /proc and /sys."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from trees import planted
from virtualpytest_host import hardware, sysfs

from pytest_virtualpytest.exceptions import DeviceError

PORT = "sys/bus/usb/devices/1-2.3"
GRABBER = {
    f"{PORT}/idVendor": "534d\n", f"{PORT}/idProduct": "2109\n", f"{PORT}/manufacturer": "MACROSILICON\n",
    f"{PORT}/product": "USB3 Video\n", f"{PORT}/speed": "480\n", f"{PORT}/authorized": "1\n",
}  # fmt: skip


def test_processor_is_named_with_its_cores(tmp_path: Path) -> None:
    text = "processor\t: 0\nmodel name\t: Intel(R) N100\n\nprocessor\t: 1\nmodel name\t: Intel(R) N100\n"
    root = planted(tmp_path, {"proc/cpuinfo": text})

    assert hardware.cpu(root) == "Intel(R) N100, 2 cores"


def test_processor_of_an_arm_board_is_named_by_its_board(tmp_path: Path) -> None:
    text = "processor\t: 0\nBogoMIPS\t: 108.00\n\nprocessor\t: 1\n\nModel\t\t: Raspberry Pi 5 Model B\n"
    root = planted(tmp_path, {"proc/cpuinfo": text})

    assert hardware.cpu(root) == "Raspberry Pi 5 Model B, 2 cores"


def test_memory_is_read(tmp_path: Path) -> None:
    root = planted(tmp_path, {"proc/meminfo": "MemTotal:       16314680 kB\nHugePages_Total:       0\nOdd:\n"})

    assert sysfs.memory(root) == {"MemTotal": 16314680, "HugePages_Total": 0}


def test_disks_are_told_and_what_only_looks_like_one_is_not(tmp_path: Path) -> None:
    root = planted(
        tmp_path,
        {"sys/block/nvme0n1/size": "1000215216\n", "sys/block/nvme0n1/device/model": "Samsung SSD 980\n",
         "sys/block/mmcblk0/size": "62333952\n", "sys/block/loop0/size": "8\n", "sys/block/sr0/size": "2097151\n",
         "sys/block/sdb/size": "0\n"},
    )  # fmt: skip

    assert list(hardware.disks(root)) == ["mmcblk0: 32 GB", "nvme0n1: 512 GB, Samsung SSD 980"]


def test_usb_devices_are_told_without_hubs_and_interfaces(tmp_path: Path) -> None:
    off = {"sys/bus/usb/devices/2-1/idVendor": "0403", "sys/bus/usb/devices/2-1/idProduct": "6001",
           "sys/bus/usb/devices/2-1/speed": "12", "sys/bus/usb/devices/2-1/authorized": "0"}  # fmt: skip
    others = {"sys/bus/usb/devices/usb1/idVendor": "1d6b", "sys/bus/usb/devices/1-2.3:1.0/bInterfaceClass": "0e"}
    root = planted(tmp_path, GRABBER | off | others)

    assert list(hardware.usb(root)) == [
        "1-2.3: 534d:2109 MACROSILICON USB3 Video, 480 Mbit/s",
        "2-1: 0403:6001 no name, 12 Mbit/s, not authorized",
    ]


def test_sound_cards_are_told(tmp_path: Path) -> None:
    text = (
        " 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n"
        "                      HDA Intel PCH at 0xa1320000 irq 145\n"
        " 2 [Video          ]: USB-Audio - USB3 Video\n"
    )
    root = planted(tmp_path, {"proc/asound/cards": text})

    assert list(hardware.cards(root)) == ["hw:0: HDA Intel PCH", "hw:2: USB3 Video"]


def test_machine_that_tells_nothing_has_nothing(tmp_path: Path) -> None:
    found = hardware.inventory(tmp_path)

    assert {sort for sort, things in found.items() if things} == {"cpu", "memory"}


def test_usb_device_is_taken_off_its_bus_and_put_back(tmp_path: Path) -> None:
    root = planted(tmp_path, GRABBER)

    told = hardware.reset_usb("1-2.3", root)

    assert told == "1-2.3: 534d:2109 MACROSILICON USB3 Video, 480 Mbit/s"
    assert (root / PORT / "authorized").read_text() == "1"


@pytest.mark.parametrize("port", ["1-2", "../1-2.3", "usb1", "1-2.3/../1-2.3", ""])
def test_port_where_nothing_is_names_those_that_there_are(tmp_path: Path, port: str) -> None:
    root = planted(tmp_path, GRABBER)

    with pytest.raises(DeviceError) as caught:
        hardware.reset_usb(port, root)

    assert str(caught.value) == f"no USB device at {port!r}; there are: 1-2.3"
    assert (root / PORT / "authorized").read_text() == "1\n"


def test_port_that_may_not_be_reset_says_what_would_do(tmp_path: Path) -> None:
    root = planted(tmp_path, GRABBER)
    (root / PORT / "authorized").unlink()
    (root / PORT / "authorized").mkdir()  # whoever runs this, even root, cannot write to it

    with pytest.raises(DeviceError) as caught:
        hardware.reset_usb("1-2.3", root)

    assert str(caught.value).startswith("USB device 1-2.3 cannot be reset: Is a directory; this account must be able")
    assert "udev rule" in str(caught.value)


def test_this_machine_has_a_processor_and_memory() -> None:
    found = hardware.inventory()

    assert found["cpu"][0].endswith(" cores")
    assert os.cpu_count()
    assert found["memory"][0].endswith(" GiB")
