"""Traffic control of a link by tc(8): queues of our own, and filters that lead its packets elsewhere.

What we add can be told from what others have: queues by HANDLE, filters by PREFERENCE. It is removed by
:meth:`Control.clean`, whoever has added it.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host.network import program

HANDLE = "7670:"
PREFERENCE = 30321
HOOKS = ("ingress", "egress")
EVERY = "1,6 0 0 4294967295"  # a filter in BPF's own code: every packet
_SECONDS = 10.0  # for one command
_BY_ITSELF = "0:"  # the handle of what the kernel gives each interface
_UNKNOWN = ("unknown", "no such file", "not supported", "unsupported")


class Unsupported(DeviceError):
    """This kernel lacks what was asked of it."""


@dataclass(frozen=True)
class Control:
    """The link over *interface* of namespace *where*."""

    interface: str
    where: str = ""

    def clean(self) -> None:
        """Remove all that is ours, also if the interface itself is gone."""
        names = {one["ifname"] for one in json.loads(self._ip("-j", "link", "show"))}
        if self.interface in names:
            found = self._queues()
            if any(one.get("root") and one["handle"] == HANDLE for one in found):
                self.tc("qdisc", "del", "dev", self.interface, "root")
            if any(one["kind"] == "clsact" for one in found):
                self._unsteer()
        if self._mirror in names:
            self._ip("link", "del", self._mirror)

    def queue(self, device: str, *words: str) -> None:
        """Have *device* queue what it sends as tc's *words* say."""
        self.tc("qdisc", "replace", "dev", device, "root", "handle", HANDLE, *words)

    def free(self) -> None:
        """Raise DeviceError if the link has a queue that somebody else has set."""
        for one in self._queues():
            if one.get("root") and one["handle"] not in {_BY_ITSELF, HANDLE}:
                raise DeviceError(
                    f"interface {self.interface} has a queue of somebody else's, {one['kind']} {one['handle']}; "
                    f"remove it: tc qdisc del dev {self.interface} root"
                )

    def steer(self, hook: str, code: str, target: str, device: str = "", way: str = "egress") -> None:
        """Lead packets at *hook* for which the BPF *code* says yes to *target*: out of it, or, by *way*, into it."""
        device = device or self.interface
        if not any(one["kind"] == "clsact" for one in self._queues(device)):
            self.tc("qdisc", "add", "dev", device, "clsact")
        match = ["pref", str(PREFERENCE), "protocol", "all", "bpf", "bytecode", code, "flowid", ":1"]
        self.tc("filter", "add", "dev", device, hook, *match, "action", "mirred", way, "redirect", "dev", target)

    def mirror(self) -> str:
        """Make an interface out of which what comes in over the link can be sent, and thus queued; return its name."""
        name = self._mirror
        self._ip("link", "add", "name", name, "type", "ifb")
        self._ip("link", "set", "dev", name, "up")
        return name

    def told(self) -> dict[str, Any]:
        """Return what ip(8) tells of the interface."""
        return dict(json.loads(self._ip("-j", "link", "show", "dev", self.interface))[0])

    def tc(self, *words: str) -> str:
        """Run tc, and return what it prints; Unsupported where the kernel lacks what it needs."""
        return self._run("tc", *words)

    @property
    def _mirror(self) -> str:
        return f"vpt{zlib.crc32(self.interface.encode()):08x}"

    def _unsteer(self) -> None:
        ours = [hook for hook in HOOKS if any(one["pref"] == PREFERENCE for one in self._filters(hook))]
        for hook in ours:
            self.tc("filter", "del", "dev", self.interface, hook, "pref", str(PREFERENCE))
        if ours and not any(self._filters(hook) for hook in HOOKS):
            self.tc("qdisc", "del", "dev", self.interface, "clsact")

    def _queues(self, device: str = "") -> list[dict[str, Any]]:
        return list(json.loads(self.tc("-j", "qdisc", "show", "dev", device or self.interface) or "[]"))

    def _filters(self, hook: str) -> list[dict[str, Any]]:
        return list(json.loads(self.tc("-j", "filter", "show", "dev", self.interface, hook) or "[]"))

    def _ip(self, *words: str) -> str:
        return self._run("ip", *words)

    def _run(self, *words: str) -> str:
        done = program.run(words, _SECONDS, self.where)
        if not done.returncode:
            return done.stdout
        reason = program.reason(done)
        kind = Unsupported if any(word in reason.lower() for word in _UNKNOWN) else DeviceError
        raise kind(f"interface {self.interface}: {reason} ({' '.join(words[:3])})")
