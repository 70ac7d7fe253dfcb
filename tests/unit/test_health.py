"""How a host is, from pieces of /sys."""

from __future__ import annotations

from pathlib import Path

import pytest
from trees import planted
from virtualpytest_host import health


def test_temperatures_come_from_zones_and_sensors(tmp_path: Path) -> None:
    zone, sensor = "sys/class/thermal/thermal_zone0", "sys/class/hwmon/hwmon1"
    root = planted(
        tmp_path,
        {f"{zone}/type": "x86_pkg_temp\n", f"{zone}/temp": "51000\n", f"{sensor}/name": "nvme\n",
         f"{sensor}/temp1_input": "38850\n", f"{sensor}/temp1_label": "Composite\n",
         f"{sensor}/temp2_input": "44850\n"},
    )  # fmt: skip

    found = dict(health.temperatures(root))

    assert found == {"nvme": 44.85, "nvme Composite": 38.85, "x86_pkg_temp": 51.0}


def test_of_several_sensors_with_one_name_the_hottest_counts(tmp_path: Path) -> None:
    zones = {f"sys/class/thermal/thermal_zone{n}/{name}": text for n, degrees in enumerate((40, 71, 55))
             for name, text in (("type", "cpu-thermal"), ("temp", f"{degrees}000"))}  # fmt: skip
    root = planted(tmp_path, zones)

    assert dict(health.temperatures(root)) == {"cpu-thermal": 71.0}


@pytest.mark.parametrize("text", ["", "N/A", "-273200", "655350000"])
def test_sensor_that_tells_no_temperature_is_left_out(tmp_path: Path, text: str) -> None:
    root = planted(tmp_path, {"sys/class/thermal/thermal_zone0/temp": text})

    assert dict(health.temperatures(root)) == {}


def test_zone_without_a_type_is_named_by_its_folder(tmp_path: Path) -> None:
    root = planted(tmp_path, {"sys/class/thermal/thermal_zone4/temp": "40000"})

    assert dict(health.temperatures(root)) == {"thermal_zone4": 40.0}


def test_drivers_of_capture_devices_are_told(tmp_path: Path) -> None:
    root = planted(
        tmp_path,
        {"sys/module/uvcvideo/version": "1.1.1\n", "sys/module/v4l2loopback/refcnt": "0",
         "sys/module/ext4/version": "1"},
    )  # fmt: skip

    assert health.drivers(root) == ["uvcvideo 1.1.1", "v4l2loopback"]


def test_packages_that_checks_stand_on_tell_their_versions() -> None:
    import av
    import cv2

    told = health.details()["software"]

    assert told["OpenCV"] == cv2.__version__
    assert told["PyAV"].startswith(f"{av.__version__} with libavcodec ")
