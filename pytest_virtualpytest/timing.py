"""What a test times on a device's screen."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_virtualpytest.controls import Remote
from pytest_virtualpytest.kpi import Transition, Zap
from pytest_virtualpytest.link import Link
from pytest_virtualpytest.looking import Area, Looking
from pytest_virtualpytest.models import Press, Sighting
from pytest_virtualpytest.targets import Appears, Frozen, Target, as_target


class Times:
    """The part of a screen that times what follows a key."""

    _link: Link
    _looking: Looking

    def transition(
        self,
        *,
        since: Press | Sighting,
        stable: float = 1.0,
        timeout: float | None = None,
        region: Area = None,
        mask: str = "",
        threshold: int = 15,
    ) -> Transition:
        """Return how the picture changed after *since* until it stood still for *stable* seconds, or raise NotSeen."""
        __tracebackhide__ = True
        wanted = self._looking.resolved(Frozen(stable, threshold=threshold, mask=mask), region)
        seconds = self._link.seconds(timeout)
        with self._link.step("transition", {"stable": stable, "timeout": f"{seconds:g} s", "region": region}):
            args = {"target": self._looking.shipped(wanted), "timeout": seconds, "since": moment(since)}
            told = self._link.call("screen.transition", args, seconds=seconds).value
            return Transition(since, *(Sighting.from_wire(told[name]) for name in ("start", "end", "stable")))


@dataclass(frozen=True)
class Zapping:
    """Changes of channel on one device."""

    link: Link
    looking: Looking
    remote: Remote

    def zap(self, key: str, banner: Target | str | None, *, motion: bool, sound: bool, timeout: float) -> Zap:
        """Press *key* and return what followed within *timeout* seconds, or raise NotSeen."""
        __tracebackhide__ = True
        wanted = None if banner is None else self.looking.resolved(Appears(as_target(banner)))
        with self.link.step(f"zap {key}", {"key": key, "banner": banner, "timeout": f"{timeout:g} s"}):
            shipped = None if wanted is None else self.looking.shipped(wanted)
            press = self.remote.press(key)
            args = {
                "key": str(key),
                "since": press.to_wire(),
                "timeout": timeout,
                "motion": motion,
                "hear": sound and "audio" in self.link.capabilities,
                "banner": shipped,
            }
            return Zap.from_wire(press, self.link.call("screen.zap", args, seconds=timeout).value)


def moment(since: Press | Sighting) -> dict[str, object]:
    """Return *since* as the host reads it; a sighting counts from its frame on."""
    if isinstance(since, Sighting):
        return Press(since.target, since.captured, since.captured, since.boot).to_wire()
    return since.to_wire()
