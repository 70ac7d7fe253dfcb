"""A link made worse by a relay in user space, where the kernel has no netem.

Filters lead the packets of the link into two taps, whose other ends are here; each is sent on in its time, with a
mark by which the filters let it pass::

    host ─▶ link, egress ─▶ tap ─▶ relay ─▶ link (marked) ─▶ device
    device ─▶ link, ingress ─▶ tap ─▶ relay ─▶ tap (marked) ─▶ link, ingress ─▶ host

The mark of what goes to the device is the kernel's own (SO_MARK), of which the device sees nothing. What comes from
it is marked by the sender's hardware address, which no protocol above looks at.
"""

from __future__ import annotations

import collections
import contextlib
import fcntl
import os
import random
import select
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.traffic import Impairment
from virtualpytest_host.network import program
from virtualpytest_host.network.control import EVERY, Control

MARKED = bytes.fromhex("027670740001")  # a hardware address as nobody sells it
_MARK = 0x767074
_NUMBER_OF_MARK = 0xFFFFF000 + 20  # SKF_AD_OFF + SKF_AD_MARK of linux/filter.h
_SENDER = 6  # where the sender's hardware address is in a frame
_LARGEST = 1 << 17
_AT_ONCE = 64  # frames of one direction before the other has its turn
_SECONDS = 10.0  # for one command
_MOST = 20_000  # frames that are under way
_QUEUE_SECONDS = 0.1  # that a frame may wait for those before it where bandwidth is short
_TUNSETIFF, _IFF_TAP, _IFF_NO_PI = 0x400454CA, 0x0002, 0x1000  # of linux/if_tun.h


class Lane:
    """One direction: frames come out of *tap*, and go where *send* puts them, late, or not at all."""

    def __init__(self, tap: int, send: Callable[[bytes], object], impairment: Impairment) -> None:
        self.tap, self._send, self._bad = tap, send, impairment
        self._under_way: collections.deque[tuple[float, bytes]] = collections.deque()
        self._free = 0.0  # when the last frame has been passed on at the link's bandwidth

    @property
    def due(self) -> float:
        """When the next frame is to be sent on."""
        return self._under_way[0][0] if self._under_way else float("inf")

    def take(self) -> None:
        """Take the frames that have come."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(_AT_ONCE):
                self.put(os.read(self.tap, _LARGEST), time.monotonic())

    def put(self, frame: bytes, now: float) -> None:
        """Take *frame*, or lose it."""
        bad = self._bad
        if random.random() < bad.loss or len(self._under_way) >= _MOST:
            return
        if bad.bandwidth is not None:
            if self._free - now > _QUEUE_SECONDS:
                return
            self._free = now = max(now, self._free) + len(frame) * 8 / bad.bandwidth
        due = now + bad.latency + random.uniform(-bad.jitter, bad.jitter)
        last = self._under_way[-1][0] if self._under_way else due
        self._under_way.append((max(due, last), frame))  # none overtakes another: TCP would take that for a loss

    def give(self, now: float) -> None:
        """Send on what is due *now*; a frame that the link does not take is lost."""
        while self._under_way and self._under_way[0][0] <= now:
            with contextlib.suppress(OSError):
                self._send(self._under_way.popleft()[1])


class Relay:
    """The relay of a link; it works while :meth:`run` does."""

    def __init__(self, control: Control, impairment: Impairment) -> None:
        self._undo = contextlib.ExitStack()
        with contextlib.ExitStack() as undo:
            down, to_device = self._tap(undo, control)
            up, from_device = self._tap(undo, control)
            link = undo.enter_context(_packets(control.interface))
            self._lanes = [
                Lane(down, link.send, impairment),
                Lane(up, lambda frame: os.write(up, frame[:_SENDER] + MARKED + frame[2 * _SENDER :]), impairment),
            ]
            undo.callback(self._flush)
            undo.callback(control.clean)
            control.steer("ingress", EVERY, control.interface, device=from_device, way="ingress")
            control.steer("egress", _unless(_NUMBER_OF_MARK, _MARK), to_device)
            control.steer("ingress", _unless(_SENDER, int.from_bytes(MARKED[:4], "big")), from_device)
            self._undo = undo.pop_all()

    def run(self, until: int) -> None:
        """Pass packets on until there is something to be read from the file *until*."""
        taps = {lane.tap: lane for lane in self._lanes}
        while True:
            wait = min(lane.due for lane in self._lanes) - time.monotonic()
            ready, _, _ = select.select([until, *taps], [], [], None if wait == float("inf") else max(0.0, wait))
            for tap in ready:
                if tap != until:
                    taps[tap].take()
            for lane in self._lanes:
                lane.give(time.monotonic())
            if until in ready:
                return

    def close(self) -> None:
        """Let the link be as it is by itself; what is under way arrives at once."""
        self._undo.close()

    def _flush(self) -> None:
        for lane in self._lanes:
            lane.take()
            lane.give(float("inf"))

    def _tap(self, undo: contextlib.ExitStack, control: Control) -> tuple[int, str]:
        """Make a tap that ends with us; return the file that it is, and its name.

        It is as large as the link, has its address, by which the kernel tells what is for us, and sends nothing itself.
        """
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        undo.callback(os.close, descriptor)
        asked = struct.pack("16sH22x", b"vpttap%d", _IFF_TAP | _IFF_NO_PI)
        name = fcntl.ioctl(descriptor, _TUNSETIFF, asked)[:16].rstrip(b"\0").decode()
        with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6
            Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1", encoding="ascii")
        like = control.told()
        if like["link_type"] != "ether":
            kind = f"{control.interface} is no Ethernet ({like['link_type']})"
            raise DeviceError(f"interface {kind}; latency and loss need a kernel with netem there")
        words = ["address", like["address"], "mtu", str(like["mtu"]), "arp", "off", "up"]
        program.checked(["ip", "link", "set", "dev", name, *words], _SECONDS)
        return descriptor, name


def _packets(interface: str) -> socket.socket:
    """Return a socket that sends whole frames out of *interface*, marked."""
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, _MARK)
    link.bind((interface, 0))
    return link


def _unless(place: int, value: int) -> str:
    """Return BPF code that says yes unless there is *value* at *place* of a frame."""
    return f"4,32 0 0 {place},21 0 1 {value},6 0 0 0,6 0 0 4294967295"
