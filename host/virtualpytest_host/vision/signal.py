"""Whether there is a signal, and what a picture that the capture has made up says of anything else: nothing."""

from __future__ import annotations

from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.verdict import Member, Verdict


class SeesSignalLost:
    """Looks for a picture that the capture has made up."""

    remembers = False

    def see(self, picture: Picture) -> Verdict:
        """Judge one frame."""
        lost = bool(picture.placeholder)
        return Verdict(lost, float(lost), 1.0, why="" if lost else "there is a signal")


class SeesSignal:
    """Judges as *member* does, where there is a signal; else it cannot tell."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self.remembers = member.remembers

    def see(self, picture: Picture) -> Verdict:
        """Judge one frame."""
        if picture.placeholder:
            return Verdict(None, why=f"no signal: the capture shows its own picture ({picture.placeholder})")
        return self._member.see(picture)
