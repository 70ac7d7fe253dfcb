"""What goes over the link to a device, kept while its test runs: for evidence, and for captures."""

from __future__ import annotations

from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.traffic import Traffic
from virtualpytest_host.network import recorded


class Capturing:
    """A network controller's record of the newest *record* megabytes of traffic; none if that is 0."""

    interface: str
    namespace: str
    record: int
    _ring: recorded.Ring | None = None
    _trouble: str = ""

    def captured(self, begin: float, end: float, only: str, /) -> Traffic | None:
        """Return what went over the link between two times of CLOCK_MONOTONIC; None where nothing is kept."""
        if not self.record:
            return None
        if self._ring is None:
            raise DeviceError(f"interface {self.interface}: its traffic is not recorded: {self._trouble}")
        found = self._ring.between(begin, end)
        return recorded.only(found, only) if only else found

    def listen(self) -> None:
        """Begin to record; what is wrong with it is told when it is asked for."""
        if self.record and self._ring is None:
            try:
                self._ring = recorded.Ring(self.interface, self.namespace, self.record)
            except (DeviceError, OSError) as error:
                self._trouble = str(error)

    def hush(self) -> None:
        """End recording, and forget."""
        ring, self._ring = self._ring, None
        if ring is not None:
            ring.close()
