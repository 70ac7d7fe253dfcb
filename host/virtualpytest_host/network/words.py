"""Names that come from a test or a lab file: they reach programs as data, or are refused."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pytest_virtualpytest.exceptions import DeviceError

_INTERFACE = re.compile(r"[^\s/:]{1,15}")
_NAMESPACE = re.compile(r"[^\s/\0]{1,255}")


def host(text: str) -> str:
    """Return *text* if it can be the name or address of a machine."""
    return _plain(text, "host", "wanted a name or an address, such as '192.0.2.1'")


def interface(text: str) -> str:
    """Return *text* if an interface can have that name."""
    if not _INTERFACE.fullmatch(_plain(text, "interface", "wanted a name, such as 'eth1'")) or text in {".", ".."}:
        raise DeviceError(f"interface {text!r} is refused; it has at most 15 characters, no blank, no '/', no ':'")
    return text


def namespace(text: str) -> str:
    """Return *text* if a network namespace can have that name."""
    if not _NAMESPACE.fullmatch(_plain(text, "namespace", "wanted one of `ip netns list`")) or text in {".", ".."}:
        raise DeviceError(f"namespace {text!r} is refused; wanted a name without '/', one of `ip netns list`")
    return text


def url(text: str) -> str:
    """Return *text* if it is an address of the web."""
    if not text.startswith(("http://", "https://")) or re.search(r"[\s\0]", text):
        raise DeviceError(f"url {text!r} is refused; wanted one such as 'http://192.0.2.1/index.html'")
    if "@" in urlsplit(text).netloc:
        raise DeviceError(f"url of {urlsplit(text).hostname!r} is refused: it carries an account, which would be shown")
    return text


def _plain(text: str, what: str, wanted: str) -> str:
    """Return *text* if no program can take it for an option or for two words."""
    if not text or text.startswith("-") or re.search(r"[\s\0]", text):
        raise DeviceError(f"{what} {text!r} is refused; {wanted}")
    return text
