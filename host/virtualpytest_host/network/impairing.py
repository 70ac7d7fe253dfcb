"""The link to a device, made worse on command, and as it was when the device is given back."""

from __future__ import annotations

from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.traffic import Impairment
from virtualpytest_host.network import guardian
from virtualpytest_host.network.control import Control
from virtualpytest_host.network.guard import Guard


class Impairing:
    """What a network controller does to its link: a guardian does it, and undoes it whatever becomes of us."""

    interface: str
    namespace: str
    _guard: Guard | None = None
    _impairment: Impairment | None = None

    def impair(self, impairment: Impairment | None, /) -> Impairment | None:
        """Make the link so bad, or as it is by itself; return how it was before."""
        before = self._impairment
        if impairment is None or (self._guard is not None and self._guard.ended):
            if not self.restore():
                raise DeviceError(f"interface {self.interface}: the process that made it {before} was killed meanwhile")
            return before
        if self._guard is None:
            self._guard = Guard(self.interface, self.namespace, self._turn)
        try:
            self._guard.impair(impairment)
        except BaseException:
            self.restore()
            raise
        self._impairment = impairment
        return before

    def restore(self) -> bool:
        """Let the link be as it is by itself; return whether it was so bad until now as it should be."""
        guard, self._guard, self._impairment = self._guard, None, None
        return guard is None or guard.close()

    def tidy(self) -> None:
        """Remove what is left of an impairment whose guardian was killed; wait for one that is about to end."""
        with guardian.alone(self._turn):
            Control(self.interface, self.namespace).clean()

    @property
    def _turn(self) -> str:
        return f"impairment of {self.namespace}/{self.interface}"
