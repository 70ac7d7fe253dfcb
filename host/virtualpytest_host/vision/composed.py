"""The targets that are made of others.

Where a check looks back to a moment, the last picture before it is shown to :func:`begin`: that is what may
have changed since, and does not count itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_virtualpytest.targets import ForSeconds, Target, members_of
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.still import between
from virtualpytest_host.vision.verdict import Member, Verdict


def begin(member: Member, picture: Picture) -> None:
    """Show *member* the picture before the first one that counts."""
    if isinstance(member, (SeesAll, SeesAny, SeesNot, SeesForSeconds, SeesThen)):
        for each in member.begins():
            begin(each, picture)
    elif member.remembers:
        member.see(picture)


class SeesAll:
    """True where all are; the first that is false decides, else the first that cannot tell."""

    def __init__(self, target: Target, members: Sequence[Member]) -> None:
        self._target, self._members = target, members
        self.remembers = any(each.remembers for each in members)

    def see(self, picture: Picture) -> Verdict:
        """Judge one frame."""
        verdicts = _until(False, self._members, picture)
        for answer in (False, None):
            for target, verdict in zip(members_of(self._target), verdicts, strict=False):
                if verdict.state is answer:
                    return verdict.but(answer, f"{target}: {verdict.why}")
        return verdicts[0]

    def begins(self) -> Sequence[Member]:
        """Return those that begin at once."""
        return self._members


class SeesAny:
    """True where one is; where none is, the nearest decides."""

    def __init__(self, target: Target, members: Sequence[Member]) -> None:
        self._target, self._members = target, members
        self.remembers = any(each.remembers for each in members)

    def see(self, picture: Picture) -> Verdict:
        """Judge one frame."""
        verdicts = _until(True, self._members, picture)
        found = next((verdict for verdict in verdicts if verdict.state), None)
        if found:
            return found
        nearest = max(verdicts, key=lambda verdict: verdict.nearness)
        undecided = any(verdict.state is None for verdict in verdicts)
        named = zip(members_of(self._target), verdicts, strict=True)
        return nearest.but(None if undecided else False, "; ".join(f"{one}: {verdict.why}" for one, verdict in named))

    def begins(self) -> Sequence[Member]:
        """Return those that begin at once."""
        return self._members


class SeesNot:
    """True where its member is false."""

    def __init__(self, target: Target, members: Sequence[Member]) -> None:
        self._target, self._member = target, members[0]
        self.remembers = self._member.remembers

    def see(self, picture: Picture) -> Verdict:
        """Judge one frame."""
        verdict = self._member.see(picture)
        if verdict.state is None:
            return verdict
        return verdict.but(not verdict.state, f"it is there{_where(verdict)}" if verdict.state else "")

    def begins(self) -> Sequence[Member]:
        """Return those that begin at once."""
        return [self._member]


class SeesAppears:
    """True where its member is true and was false before."""

    remembers = True

    def __init__(self, target: Target, members: Sequence[Member]) -> None:
        self._member = members[0]
        self._absent = False

    def see(self, picture: Picture) -> Verdict:
        """Judge one frame."""
        verdict = self._member.see(picture)
        if verdict.state and not self._absent:
            return verdict.but(False, f"it was there from the first frame on{_where(verdict)}, and did not appear")
        self._absent = self._absent or verdict.state is False
        return verdict


class SeesGone:
    """True where its member is false and was true before."""

    remembers = True

    def __init__(self, target: Target, members: Sequence[Member]) -> None:
        self._target, self._member = target, members[0]
        self._present = False

    def see(self, picture: Picture) -> Verdict:
        """Judge one frame."""
        verdict = self._member.see(picture)
        self._present = self._present or verdict.state is True
        if verdict.state is None:
            return verdict
        if verdict.state:
            return verdict.but(False, f"it is still there{_where(verdict)}")
        if self._present:
            return verdict.but(True)
        return verdict.but(False, f"it was never there, so it cannot go; for absence use Not(...); {verdict.why}")


class SeesForSeconds:
    """True where its member has been true in every frame for a while; an interruption begins anew."""

    remembers = True

    def __init__(self, target: ForSeconds, member: Member) -> None:
        self._target, self._member = target, member
        self._since: Picture | None = None
        self._known = False

    def see(self, picture: Picture) -> Verdict:
        """Judge one frame; until enough were seen to tell, the answer is neither yes nor no."""
        verdict = self._member.see(picture)
        if not verdict.state:
            self._since, self._known = None, verdict.state is False
            return verdict
        if self._since is None or picture.gap or picture.generation != self._since.generation:
            self._known = self._known and self._since is None
            self._since = picture
        seconds, wanted = between(self._since, picture), self._target.seconds
        if seconds >= wanted:
            return verdict
        return verdict.but(False if self._known else None, f"it is there for {seconds:.2f} s of {wanted:g} s wanted")

    def begins(self) -> Sequence[Member]:
        """Return those that begin at once."""
        return [self._member]


class SeesThen:
    """True once each member was true, each in a later frame than the one before.

    A member begins with the frame in which the one before it came true: that frame is what it may
    have changed from, and does not count itself.
    """

    remembers = True

    def __init__(self, targets: Sequence[Target], make: Callable[[Target], Member]) -> None:
        self._targets, self._make = targets, make
        self._turn = 0
        self._member = make(targets[0])
        self._done: Verdict | None = None
        for target in targets[1:]:
            make(target)  # a reference that cannot be read is an error now, not at its turn

    def see(self, picture: Picture) -> Verdict:
        """Judge one frame."""
        if self._done:
            return self._done
        verdict = self._member.see(picture)
        if not verdict.state:
            target = self._targets[self._turn]
            return verdict.but(verdict.state, f"{self._turn + 1} of {len(self._targets)}, {target}: {verdict.why}")
        return self._next(picture, verdict)

    def begins(self) -> Sequence[Member]:
        """Return those that begin at once: the first one alone."""
        return [self._member]

    def _next(self, picture: Picture, verdict: Verdict) -> Verdict:
        self._turn += 1
        if self._turn == len(self._targets):
            self._done = verdict
            return verdict
        self._member = self._make(self._targets[self._turn])
        begin(self._member, picture)
        return verdict.but(False, f"{self._turn} of {len(self._targets)} came true in this frame")


BY_KIND: dict[str, Callable[[Target, Sequence[Member]], Member]] = {
    "all": SeesAll,
    "any": SeesAny,
    "not": SeesNot,
    "appears": SeesAppears,
    "gone": SeesGone,
}


def _until(answer: bool, members: Sequence[Member], picture: Picture) -> list[Verdict]:
    verdicts: list[Verdict] = []
    decided = False
    for each in members:
        if decided and not each.remembers:
            continue
        verdict = each.see(picture)
        if not decided:
            verdicts.append(verdict)
        decided = decided or verdict.state is answer
    return verdicts


def _where(verdict: Verdict) -> str:
    place = f" at {verdict.region}" if verdict.region else ""
    return f"{place} (score {verdict.score:.2f})"
