"""Loudness as broadcasters measure it: EBU R 128, by FFmpeg's own filter, and the true peak of ITU-R BS.1770-4."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

_KEY = "lavfi.r128.I"
_LEAST = 0.4  # seconds of one of the blocks whose loudness is taken together
_OVER = 4  # times as many samples: BS.1770-4, annex 2
_EDGE = 128  # of those at each end, where the filter that makes them sees a sound cut off


def integrated(frames: Sequence[Any]) -> float | None:
    """Return the gated loudness of *frames* in LUFS, None of less than 0.4 s; −70, the gate, is quieter than all.

    One channel counts as if it came out of both of a pair of speakers.
    """
    first = frames[0]
    if sum(frame.samples for frame in frames) < _LEAST * first.sample_rate:
        return None
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=first.sample_rate, format=first.format.name, layout=first.layout.name,
        time_base=Fraction(1, first.sample_rate),
    )  # fmt: skip
    chain = [source, graph.add("ebur128", "metadata=1:dualmono=true"), graph.add("abuffersink")]
    for one, following in itertools.pairwise(chain):
        one.link_to(following)
    graph.configure()
    told: list[str] = []
    for frame in (*frames, None):
        source.push(frame)
        told += [made.metadata[_KEY] for made in _pulled(chain[-1]) if _KEY in made.metadata]  # the last piece has none
    return float(told[-1]) if told else None


def true_peak(samples: NDArray[np.float32], rate: int) -> float:
    """Return the greatest value, 1 is full scale, that the sound reaches between its samples or at them."""
    starts = range(0, samples.shape[1], rate)  # a second at once, for the memory's sake
    between = max(_between(samples[:8, max(0, start - _EDGE) : start + rate + _EDGE], rate) for start in starts)
    return float(max(between, np.abs(samples).max()))


def _between(samples: NDArray[np.float32], rate: int) -> float:
    frame: Any = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", f"{len(samples)}c")
    frame.sample_rate = rate
    resampler: Any = av.AudioResampler(format="fltp", rate=_OVER * rate)
    made = [one.to_ndarray() for part in (frame, None) for one in resampler.resample(part)]
    return float(np.abs(np.concatenate(made, axis=1))[:, _EDGE:-_EDGE].max(initial=0.0))


def _pulled(sink: Any) -> Iterator[Any]:
    while True:
        try:
            yield sink.pull()
        except (av.error.EOFError, av.error.BlockingIOError):
            return
