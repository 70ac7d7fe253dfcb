"""The keys of those who may use the phone: it asks for a signature, and learns a key if it is offered one."""

from __future__ import annotations

import base64
import os
import struct
import threading

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

_WORD = struct.Struct("<I")


class Keyring:
    """The public keys that the phone knows."""

    def __init__(self) -> None:
        self._keys: list[rsa.RSAPublicKey] = []
        self._lock = threading.Lock()

    def token(self) -> bytes:
        """Return something new to be signed."""
        return os.urandom(20)

    def learn(self, offered: bytes) -> None:
        """Know the public key *offered*, in Android's own format, from now on; ValueError if it is none."""
        with self._lock:
            self._keys.append(_read(offered))

    def knows(self, signature: bytes, token: bytes) -> bool:
        """Tell whether a known key has signed *token*."""
        with self._lock:
            return any(_signed(key, signature, token) for key in self._keys)


def _signed(key: rsa.RSAPublicKey, signature: bytes, token: bytes) -> bool:
    try:
        key.verify(signature, token, padding.PKCS1v15(), utils.Prehashed(hashes.SHA1()))
    except (InvalidSignature, ValueError):
        return False
    return True


def _read(offered: bytes) -> rsa.RSAPublicKey:
    """Return the key: number of words, an inverse, the modulus, another number, the exponent, all little-endian."""
    raw = base64.b64decode(offered.split(b" ")[0].rstrip(b"\0"))
    try:
        length = 4 * _WORD.unpack_from(raw)[0]
        modulus = int.from_bytes(raw[8 : 8 + length], "little")
        exponent = _WORD.unpack_from(raw, 8 + 2 * length)[0]
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except struct.error as error:
        raise ValueError("this is no public key of Android's") from error
