"""How a recording goes on: what comes, what is missing, and what its recorder takes of the host."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

from pytest_virtualpytest.models import StreamStatus
from virtualpytest_host import ring, sysfs
from virtualpytest_host.recording import Recording
from virtualpytest_host.stream import FRAME_SECONDS

_LATELY = 2.0  # seconds over which the rate is told
_STEADY = 0.9  # part of the frames that come in one rhythm, where there is one
_LIKE = 0.25  # of an interval: how much one may differ from another and be the same


def signs(recording: Recording) -> StreamStatus:
    """Return what the recorder of *recording* sees now; CaptureError where it sees nothing."""
    newest = recording.first(ring.VIDEO, time.monotonic() + FRAME_SECONDS)
    recording.check()
    facts, sound = (recording.facts(newest.generation, kind) for kind in ("video", "audio"))
    assert facts is not None  # it tells of a stream before it keeps a packet of it
    entries = [recording.ring.entry(number) for number in range(recording.ring.oldest(), newest.number + 1)]
    video = [entry for entry in entries if entry and entry.stream == ring.VIDEO]
    base = facts["base"][0] / facts["base"][1]
    shown = sorted(entry.pts * base for entry in video if entry.generation == newest.generation)
    return StreamStatus(
        width=facts["width"], height=facts["height"], codec=facts["codec"], fps=rate(shown),
        seconds=newest.captured - video[0].captured, age=time.monotonic() - newest.arrival,
        bytes=sum(entry.size for entry in entries if entry), sound=sound["codec"] if sound else "",
        source=str(recording), recorder=recording.recorder, memory=sysfs.resident(recording.recorder),
        dropped=dropped(shown),
    )  # fmt: skip


def rate(shown: Sequence[float]) -> float:
    """Return the frames in a second of those *shown* at these moments of the stream's clock, as of the newest ones."""
    lately = [at for at in shown if at > shown[-1] - _LATELY]  # a stream may begin with a burst
    span = lately[-1] - lately[0]
    return (len(lately) - 1) / span if span > 0 else 0.0


def dropped(shown: Sequence[float]) -> int | None:
    """Return how many frames are missing between those *shown*; None where they come in no rhythm that would tell."""
    steps = [after - before for before, after in itertools.pairwise(shown) if after > before]
    if not steps:
        return None
    usual = sorted(steps)[len(steps) // 2]
    if sum(abs(step - usual) < _LIKE * usual for step in steps) < _STEADY * len(steps):
        return None
    return sum(round(step / usual) - 1 for step in steps)
