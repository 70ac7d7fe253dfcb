"""Questions to one device by SNMP, of versions 1, 2c and 3: numbers that are read, and set."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host import needs

_AGAIN = 1.0  # seconds after which a question is asked again: UDP loses some
_HASHES = {
    "md5": "USM_AUTH_HMAC96_MD5", "sha": "USM_AUTH_HMAC96_SHA", "sha256": "USM_AUTH_HMAC192_SHA256",
    "sha512": "USM_AUTH_HMAC384_SHA512",
}  # fmt: skip
_CIPHERS = {"des": "USM_PRIV_CBC56_DES", "aes": "USM_PRIV_CFB128_AES", "aes256": "USM_PRIV_CFB256_AES"}


@dataclass(frozen=True)
class Account:
    """Who asks: a community of versions 1 and 2c, or a user of version 3 with passwords."""

    version: str
    community: str = field(repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    privacy_password: str = field(default="", repr=False)
    authentication: str = "sha"
    encryption: str = "aes"


class Conversation:
    """Questions to *host* at *port*; each must be answered within *timeout* seconds, however often it is asked.

    Making one costs most of a second, asking a few milliseconds.
    """

    def __init__(self, host: str, port: int, account: Account, timeout: float) -> None:
        with needs.host_extra("the snmp controller"):
            from pysnmp.hlapi.v3arch import asyncio as hlapi
        self._hlapi: Any = hlapi
        self._place, self._account, self._timeout = (host, port), account, timeout
        self._runner = asyncio.Runner()
        self._engine = hlapi.SnmpEngine()
        self._target: Any = None

    def __str__(self) -> str:
        return f"{self._place[0]}:{self._place[1]}"

    def get(self, oid: str) -> int:
        """Return the number at *oid*."""
        return self._told(self._hlapi.get_cmd, oid, "get")

    def set(self, oid: str, value: int) -> None:
        """Set the number at *oid*."""
        self._told(self._hlapi.set_cmd, oid, "set", self._hlapi.Integer32(value))

    def close(self) -> None:
        """Give the socket back."""
        self._runner.run(self._hang_up())
        self._runner.close()

    async def _hang_up(self) -> None:
        self._engine.close_dispatcher()
        await asyncio.sleep(0)  # for the transport to be closed

    def _told(self, command: Any, oid: str, what: str, *value: Any) -> int:
        from pysnmp.error import PySnmpError

        try:
            trouble, status, _, found = self._runner.run(self._within(self._asked(command, oid, *value)))
        except TimeoutError:
            raise DeviceError(self._silence()) from None
        except (PySnmpError, OSError) as error:
            raise DeviceError(f"{self}: {' '.join(str(error).split())}; is the address right?") from error
        if trouble:
            raise DeviceError(self._silence() if "timeout" in str(trouble).lower() else self._refusal(str(trouble)))
        if status:
            why = status.prettyPrint()
            raise DeviceError(f"{self}: {what} {oid}: {why}; has it this outlet, may this account switch it?")
        return self._number(oid, found[0][1])

    async def _within(self, question: Coroutine[Any, Any, Any]) -> Any:
        return await asyncio.wait_for(question, self._timeout)

    async def _asked(self, command: Any, oid: str, *value: Any) -> Any:
        hlapi = self._hlapi
        if self._target is None:
            kind = hlapi.Udp6TransportTarget if ":" in self._place[0] else hlapi.UdpTransportTarget
            self._target = await kind.create(self._place, timeout=_AGAIN, retries=int(self._timeout / _AGAIN))
        thing = hlapi.ObjectType(hlapi.ObjectIdentity(oid), *value)
        return await command(
            self._engine, self._credentials(), self._target, hlapi.ContextData(), thing, lookupMib=False
        )  # fmt: skip

    def _credentials(self) -> Any:
        one, hlapi = self._account, self._hlapi
        if one.version != "3":
            return hlapi.CommunityData(one.community, mpModel=0 if one.version == "1" else 1)
        return hlapi.UsmUserData(
            one.username,
            one.password or None,
            one.privacy_password or None,
            getattr(hlapi, _HASHES[one.authentication] if one.password else "USM_AUTH_NONE"),
            getattr(hlapi, _CIPHERS[one.encryption] if one.privacy_password else "USM_PRIV_NONE"),
        )

    def _number(self, oid: str, value: Any) -> int:
        hlapi = self._hlapi
        if isinstance(value, (hlapi.NoSuchObject, hlapi.NoSuchInstance, hlapi.EndOfMibView)):
            raise DeviceError(f"{self}: there is nothing at {oid}; has it this outlet, and is it of this model?")
        try:
            return int(value)
        except (TypeError, ValueError):
            raise DeviceError(f"{self}: {value.prettyPrint()!r} at {oid} is no number; is it of this model?") from None

    def _silence(self) -> str:
        who = f"user {self._account.username!r}" if self._account.version == "3" else "community"
        return f"{self}: no answer within {self._timeout:g} s; is it reachable, and does it know this {who}?"

    def _refusal(self, reason: str) -> str:
        return f"{self}: it refuses user {self._account.username!r}: {reason}; check its passwords and their kinds"
