"""Tests of a made-up device that a real pytest runs to write results for the dashboard's tests."""

import struct
import zlib

import allure
import pytest

from pytest_virtualpytest import DeviceLost, NotSeen


def _chunk(tag, body):
    return struct.pack(">I", len(body)) + tag + body + struct.pack(">I", zlib.crc32(tag + body))


def _png(red):
    row = b"\0" + bytes((red, 40, 80)) * 16
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 9, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + _chunk(b"IDAT", zlib.compress(row * 9)) + _chunk(b"IEND", b"")


@pytest.fixture
def box(request):
    channel = getattr(request.node, "callspec", None)
    allure.dynamic.label("device", f"stb{channel.params['channel']}" if channel else "stb1")
    allure.dynamic.label("host", "rack1")
    with allure.step("tune in"):
        pass
    yield "stb1"
    with allure.step("tune out"):
        pass


@allure.issue("https://tracker.example/STB-7", "STB-7")
@allure.severity("critical")
def test_zap(box):
    """The banner shows after a zap."""
    with allure.step("press"):
        allure.dynamic.parameter("key", "CHANNEL_UP")
    with allure.step("wait for banner.png"):
        allure.attach(_png(10), "first frame", allure.attachment_type.PNG)
        with allure.step("compare"):
            allure.attach(_png(20), "second frame", allure.attachment_type.PNG)
    allure.attach(_png(200), "last frame", allure.attachment_type.PNG)
    allure.attach(b"not really a video " * 600, "clip of the seconds before", allure.attachment_type.MP4)
    allure.attach(_png(220), "annotated frame", allure.attachment_type.PNG)
    allure.attach("81.2 press CHANNEL_UP\n", "device log", allure.attachment_type.TEXT)
    allure.attach("<script>alert(1)</script>", "page", allure.attachment_type.HTML)
    raise NotSeen("banner.png: not seen within 5 s; nearest 0.61 of 0.90")


def test_power(box):
    with allure.step("power.cycle"):
        raise DeviceLost("device 'stb1' on host 'rack1': its process ended")


def test_typo():
    raise NameError("name 'stb' is not defined")


@pytest.mark.parametrize("channel", [1, 2])
def test_channel(box, channel):
    pass


@pytest.mark.skip(reason="needs a second tuner")
def test_record():
    pass


def test_setup_fails(request):
    request.getfixturevalue("nothing_of_this_name")
