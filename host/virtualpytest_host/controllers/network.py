"""The network of a device: measured from its host, recorded, and made worse, by the system's own programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host.network import namespace, words
from virtualpytest_host.network.capturing import Capturing
from virtualpytest_host.network.impairing import Impairing
from virtualpytest_host.network.measuring import Measuring


@dataclass
class Network(Measuring, Impairing, Capturing):
    """The link to a device over the host's *interface*, in the network *namespace* where that is not the host's own.

    An answer that does not come within *timeout* seconds does not come. The newest *record* megabytes of traffic are
    kept while the device is in use.
    """

    interface: str
    namespace: str = ""
    timeout: float = 5.0
    record: int = 8
    gives: ClassVar[Sequence[str]] = ("network",)
    listens: ClassVar[bool] = True  # closed when the device is given back, and the link is as it was

    def __post_init__(self) -> None:
        words.interface(self.interface)
        if self.namespace:
            words.namespace(self.namespace)
        if self.timeout <= 0 or self.record < 0:
            raise DeviceError(f"timeout {self.timeout:g}, record {self.record}; wanted seconds, and megabytes or 0")

    def resources(self) -> Sequence[str]:
        """Return the link that this is."""
        return [f"link:{self.namespace}/{self.interface}" if self.namespace else f"link:{self.interface}"]

    def open(self) -> None:
        """Look whether the namespace and the interface are there, and remove what a death has left on the link."""
        namespace.prefix(self.namespace)
        self.state()
        self.tidy()
        self.listen()

    def close(self) -> None:
        """Let the link be as it is by itself, and forget what went over it."""
        self.restore()
        self.hush()
