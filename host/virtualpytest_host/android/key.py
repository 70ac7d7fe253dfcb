"""The RSA key by which Android devices know this account; the same file that other ADB clients use."""

from __future__ import annotations

import base64
import contextlib
import getpass
import os
import platform
import secrets
import struct
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

_BYTES = 256  # of the modulus
_FORM = struct.Struct(f"<2I{_BYTES}s{_BYTES}sI")  # words, an inverse, the modulus, 2^4096 modulo it, the exponent


def present(path: Path) -> Path:
    """Return *path*, with a key in it and its public half beside it; both are made where they are missing."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _place(path, _fresh(), 0o600)
    public = path.with_name(f"{path.name}.pub")
    if not public.exists():
        _place(public, _public(path.read_bytes()), 0o644)
    return path


def _fresh() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=8 * _BYTES)
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def _public(pem: bytes) -> bytes:
    """Return the public half in Android's own format, with a name that its owner will know."""
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("this is no RSA key")  # noqa: TRY004  # what is in a file is no type
    numbers = key.private_numbers().public_numbers
    inverse = pow(-numbers.n, -1, 1 << 32)
    square = pow(2, 16 * _BYTES, numbers.n).to_bytes(_BYTES, "little")
    raw = _FORM.pack(_BYTES // 4, inverse, numbers.n.to_bytes(_BYTES, "little"), square, numbers.e)
    return base64.b64encode(raw) + f" {getpass.getuser()}@{platform.node()}".encode()


def _place(path: Path, content: bytes, mode: int) -> None:
    """Write *content* to *path* at once, unless another process has just done so."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:  # noqa: PTH123  # by number
        file.write(content)
    with contextlib.suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()
