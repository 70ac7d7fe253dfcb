"""The network of a device, measured from its host, by the system's own programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from virtualpytest_host.network import namespace, words
from virtualpytest_host.network.measuring import Measuring


@dataclass
class Network(Measuring):
    """The link to a device over the host's *interface*, in the network *namespace* where that is not the host's own.

    An answer that does not come within *timeout* seconds does not come.
    """

    interface: str
    namespace: str = ""
    timeout: float = 5.0
    gives: ClassVar[Sequence[str]] = ("network",)

    def resources(self) -> Sequence[str]:
        """Return the link that this is."""
        place = f"{words.namespace(self.namespace)}/" if self.namespace else ""
        return [f"link:{place}{words.interface(self.interface)}"]

    def open(self) -> None:
        """Look whether the namespace and the interface are there."""
        namespace.prefix(self.namespace)
        self.state()

    def close(self) -> None:
        """Nothing is kept open."""
