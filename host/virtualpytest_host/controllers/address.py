"""Where a device listens on the network, as a controller's setting ``url`` says it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from pytest_virtualpytest.exceptions import DeviceError

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Address:
    """A web address; as a string it is without the account that it may carry."""

    url: str
    place: str  # host:port, what a controller holds
    username: str = ""
    password: str = ""

    def __str__(self) -> str:
        return self.url

    def __repr__(self) -> str:
        return f"Address({self.url!r})"


def parse(url: str, controller: str) -> Address:
    """Return the address that *url* is; DeviceError in the name of *controller* if it is none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        host = port = None
    if not host or not port:
        shown = url.rpartition("@")[2]
        raise DeviceError(f"{controller}: url {shown!r} is no web address; wanted one such as 'http://192.0.2.7'")
    netloc = parts.netloc.rpartition("@")[2]
    shown = f"{parts.scheme}://{netloc}{parts.path}".rstrip("/")
    return Address(shown, f"{host}:{port}", unquote(parts.username or ""), unquote(parts.password or ""))
