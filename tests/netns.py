"""A link between a host and a device, each a network namespace made for one test; the servers beside the device.

Nothing here touches the machine's own interfaces: the two ends of the link are in the namespaces from their first
moment on, and go with them.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from virtualpytest_host import parent

PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
HOST, DEVICE = "10.77.0.1", "10.77.0.2"
NOBODY = "10.77.0.9"
INTERFACE = "link0"
_ENVIRONMENT = {**os.environ, "PATH": PATH}
_SERVER = Path(__file__).with_name("webserver.py")


@dataclass(frozen=True)
class Link:
    """Namespaces *host*, in which the device's link is *interface*, and *device*, in which it is ``dev0``."""

    host: str
    device: str
    interface: str = INTERFACE

    def on(self, namespace: str, *command: str) -> str:
        """Return what *command* prints in *namespace*."""
        return said("ip", "netns", "exec", namespace, *command)

    def qdiscs(self) -> list[str]:
        """Return the kinds of queueing that the host's end has, besides what the kernel gives by itself."""
        told = json.loads(self.on(self.host, "tc", "-j", "qdisc", "show", "dev", self.interface))
        return [one["kind"] for one in told if one["kind"] != "noqueue"]

    def interfaces(self) -> set[str]:
        """Return the names of the interfaces in the host's namespace."""
        return {one["ifname"] for one in json.loads(self.on(self.host, "ip", "-j", "link"))}

    def processes(self) -> set[int]:
        """Return the processes that run in the host's namespace."""
        return {int(pid) for pid in said("ip", "netns", "pids", self.host).split()}

    def untouched(self) -> bool:
        """Tell whether the host's end is as it was made, and nobody is at work there."""
        return self.qdiscs() == [] and self.interfaces() == {"lo", self.interface} and self.processes() == set()


def needed(*programs: str) -> None:
    """Skip the test where namespaces cannot be made, or one of *programs* is missing."""
    missing = [name for name in ("ip", "tc", *programs) if shutil.which(name, path=PATH) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed here")
    if os.geteuid():
        pytest.skip("network namespaces need root")


def said(*command: str) -> str:
    """Return what *command* prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30, env=_ENVIRONMENT).stdout


@contextlib.contextmanager
def link() -> Iterator[Link]:
    """Make a link, and remove it whatever happens."""
    needed()
    number = secrets.token_hex(4)
    made = Link(f"vpt-{number}-host", f"vpt-{number}-device")
    with contextlib.ExitStack() as undo:
        for name in (made.host, made.device):
            said("ip", "netns", "add", name)
            undo.callback(said, "ip", "netns", "del", name)
            said("ip", "-n", name, "link", "set", "lo", "up")
        peer = ["peer", "name", "dev0", "netns", made.device]
        said("ip", "-n", made.host, "link", "add", INTERFACE, "type", "veth", *peer)
        for name, end, address in ((made.host, INTERFACE, HOST), (made.device, "dev0", DEVICE)):
            said("ip", "-n", name, "addr", "add", f"{address}/24", "dev", end)
            said("ip", "-n", name, "link", "set", end, "up")
        yield made


@contextlib.contextmanager
def running(namespace: str, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run *command* in *namespace* while the block runs, and not longer than this process."""
    process = subprocess.Popen(
        ["ip", "netns", "exec", namespace, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL, env=_ENVIRONMENT,
        preexec_fn=parent.die_with_it,  # noqa: PLW1509  # one call of the kernel: nothing here that can block
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def dns(link: Link) -> Iterator[None]:
    """Run a DNS server on the device's end: it knows ``box.test`` and nothing else."""
    needed("dnsmasq")
    options = ["--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root", "--pid-file="]
    records = [f"--address=/box.test/{DEVICE}", "--txt-record=note.test,hello", "--local=/test/"]
    with running(link.device, "dnsmasq", *options, *records):
        listening(link, ":53", "-u")
        yield


@contextlib.contextmanager
def iperf(link: Link, port: int = 5201) -> Iterator[subprocess.Popen[bytes]]:
    """Run an iperf3 server on the device's end."""
    needed("iperf3")
    with running(link.device, "iperf3", "-s", "-p", str(port)) as process:
        listening(link, f":{port}")
        yield process


@contextlib.contextmanager
def web(link: Link, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a web server on the device's end, port 8080 unless it is told otherwise; see webserver.py for *options*."""
    options = {"port": 8080, **options}
    with running(link.device, sys.executable, str(_SERVER), json.dumps(options)) as process:
        listening(link, f":{options['port']}")
        yield process


def listening(link: Link, place: str, *options: str) -> None:
    """Wait until somebody listens on the device's end at *place*, such as ``:53``."""
    end = time.monotonic() + 20
    while not any(word.endswith(place) for word in link.on(link.device, "ss", "-lnH", *(options or ("-t",))).split()):
        if time.monotonic() > end:
            pytest.fail(f"nobody listens at {place}")
        time.sleep(0.02)
