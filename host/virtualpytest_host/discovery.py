"""What is attached to a host that a lab file could name; *root* is where /dev, /sys and /tmp are."""

from __future__ import annotations

import fcntl
import http.client
import importlib.util
import os
import re
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host import lircd, sysfs

ROOT = Path("/")
_QUERYCAP = 0x80685600  # VIDIOC_QUERYCAP of linux/videodev2.h
_CAPABILITY = struct.Struct("16s32s32s3I3I")
_CAPTURES = 0x1 | 0x1000  # one plane or several
_OWN_CAPABILITIES = 0x80000000
_ADB_SECONDS, _ECP_SECONDS, _DISPLAY_SECONDS, _LIRCD_SECONDS = 8.0, 3.0, 1.0, 2.0
_ECP_PORT = 8060
_ANSWER = 1 << 16  # bytes of an answer that are read


@dataclass(frozen=True)
class Attached:
    """A thing at *path* that controller *controller* can use with *settings*; *trouble* says why it cannot yet."""

    sort: str
    path: str
    name: str
    controller: str
    settings: dict[str, str] = field(default_factory=dict)
    trouble: str = ""

    def to_wire(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def attached(ecp: Sequence[str] = (), root: Path = ROOT) -> list[Attached]:
    """Return everything that is found, and what answers at the addresses *ecp*."""
    boxes = [box(address) for address in ecp]
    return [*videos(root), *phones(), *serials(root), *remotes(root), *displays(root), *links(root), *boxes]


def videos(root: Path = ROOT) -> Iterator[Attached]:
    """Yield each video input, under the name that it keeps when others are plugged in."""
    names = _by_target(root / "dev/v4l/by-id")
    for place in sorted((root / "sys/class/video4linux").glob("video*"), key=_number):
        node = root / "dev" / place.name
        captures = _captures(node)
        if captures is None:
            captures = sysfs.text(place / "index") in {"", "0"}  # the others of a camera tell of its pictures
        if captures and node.exists():
            path = f"/{(names.get(place.name) or node).relative_to(root)}"
            name, settings = sysfs.text(place / "name") or "video", {"source": path, "format": "v4l2"}
            yield Attached("video", path, name, "video", settings, _access(node, "video"))


def serials(root: Path = ROOT) -> Iterator[Attached]:
    """Yield each serial port that something is plugged into."""
    names = _by_target(root / "dev/serial/by-id")
    nodes = [node for pattern in ("ttyUSB*", "ttyACM*", "ttyAMA*") for node in (root / "dev").glob(pattern)]
    for node in sorted(nodes):
        path = f"/{(names.get(node.name) or node).relative_to(root)}"
        name = names[node.name].name if node.name in names else "serial port"
        yield Attached("serial", path, name, "serial", {"port": path}, _access(node, "dialout"))


def remotes(root: Path = ROOT) -> Iterator[Attached]:
    """Yield each remote control that LIRC's daemon has the codes of."""
    path = root / lircd.SOCKET.lstrip("/")
    if not path.exists():
        return
    try:
        names = lircd.Lircd(str(path), _LIRCD_SECONDS).ask("LIST")
    except DeviceError as error:
        yield Attached("infrared", lircd.SOCKET, "LIRC", "infrared", {"codes": ""}, error.message)
        return
    for name in names:
        yield Attached("infrared", lircd.SOCKET, f"{name} in LIRC's configuration", "infrared", {"codes": name})


def displays(root: Path = ROOT) -> Iterator[Attached]:
    """Yield each X display that listens."""
    trouble = "" if importlib.util.find_spec("pyautogui") else "it needs virtualpytest[desktop] on the host"
    for path in sorted((root / "tmp/.X11-unix").glob("X*"), key=_number):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(_DISPLAY_SECONDS)
            try:
                probe.connect(str(path))
            except OSError:  # left behind by a server that has ended
                continue
        display = f":{path.name[1:]}"
        yield Attached("display", display, "X display", "desktop", {"display": display}, trouble)


def links(root: Path = ROOT) -> Iterator[Attached]:
    """Yield each network interface of hardware, with a word of warning about the host's own way out."""
    routes = [line.split() for line in sysfs.text(root / "proc/net/route").splitlines()]
    own = {route[0] for route in routes if route[1:2] == ["00000000"]}
    for place in sysfs.folders(root / "sys/class/net"):
        if (place / "device").exists():
            trouble = "" if sysfs.text(place / "carrier") == "1" else "no carrier"
            trouble = "the host itself is reached over it" if place.name in own else trouble
            settings = {"interface": place.name}
            yield Attached("network", place.name, "network interface", "network", settings, trouble)


def phones() -> list[Attached]:
    """Return the devices that adb knows, if it is installed."""
    program = shutil.which("adb")
    if program is None:
        return []
    try:
        done = subprocess.run(
            [program, "devices", "-l"], check=False, capture_output=True, text=True, timeout=_ADB_SECONDS,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DeviceError(f"{program} devices: {error}; start it by hand: adb start-server") from error
    return list(told_by_adb(done.stdout))


def told_by_adb(text: str) -> Iterator[Attached]:
    """Yield the devices in what ``adb devices -l`` prints."""
    for line in text.splitlines():
        serial, _, rest = line.partition(" ")
        if found := re.match(r"\s*(device|unauthorized|offline|no permissions)\b(.*)", rest):
            model = re.search(r"model:(\S+)", found[2])
            trouble = "" if found[1] == "device" else f"adb says {found[1]}"
            name = model[1].replace("_", " ") if model else "Android device"
            yield Attached("adb", serial, name, "adb", {"serial": serial}, trouble)


def box(address: str) -> Attached:
    """Return the box that answers Roku's ECP at *address*, a host with or without a port."""
    try:
        parts = urlsplit(f"//{address}")
        host, port = parts.hostname, parts.port or _ECP_PORT
    except ValueError:
        host, port = None, 0
    if not host or parts.path or parts.query or parts.username:
        raise DeviceError(f"{address!r} is no address; wanted one such as 192.0.2.7 or 192.0.2.7:8060")
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    try:
        told = _asked(host, port)
    except (OSError, http.client.HTTPException) as error:
        return Attached("ecp", url, "no answer", "ecp", {"url": url}, f"{error or type(error).__name__}")
    words = [found[1] for tag in ("friendly-device-name", "model-name") if (found := re.search(f"<{tag}>(.*?)<", told))]
    trouble = "" if words else "what answers there is no Roku, nor speaks its protocol"
    return Attached("ecp", url, ", ".join(dict.fromkeys(words)) or "another server", "ecp", {"url": url}, trouble)


def _asked(host: str, port: int) -> str:
    connection = http.client.HTTPConnection(host, port, timeout=_ECP_SECONDS)
    try:
        connection.request("GET", "/query/device-info")
        return connection.getresponse().read(_ANSWER).decode(errors="replace")
    finally:
        connection.close()


def _captures(node: Path) -> bool | None:
    """Tell whether the video device *node* gives pictures; None if it does not say."""
    try:
        with node.open("rb", buffering=0) as device:
            answer = bytearray(_CAPABILITY.size)
            fcntl.ioctl(device, _QUERYCAP, answer)
    except OSError:
        return None
    *_, capabilities, own, _, _, _ = _CAPABILITY.unpack(answer)
    return bool((own if capabilities & _OWN_CAPABILITIES else capabilities) & _CAPTURES)


def _access(node: Path, group: str) -> str:
    return "" if os.access(node, os.R_OK | os.W_OK) else f"this account may not use it; add it to the group {group}"


def _by_target(place: Path) -> dict[str, Path]:
    """Return the links in *place*, by the name of what they lead to; the first of several."""
    links = reversed(sysfs.folders(place))
    return {link.readlink().name: link for link in links if link.is_symlink()}


def _number(path: Path) -> int:
    digits = re.sub(r"\D", "", path.name)
    return int(digits) if digits else -1

