"""How fast the eyes are beside full-resolution OpenCV, Airtest, pyscreeze and, on request, stb-tester.

    python benchmarks/vision.py [--json] [--rounds 7] [--stbt CHECKOUT] [--parts 1000] [--pictures FOLDER]

The rivals are no dependencies of the project. For their rows, install them beside it; without its
dependencies Airtest uses the one OpenCV that all others use too:

    pip install --no-deps airtest pyscreeze

Time is processor time of one thread, OpenCV held to one, all contestants in turn on each case. A case is a screen
of the virtual product with noise, at 720p and at 1080p, and a reference of 32x32, 100x60 or 300x200 pixels that is
there, is from another screen, is looked for in a region, or has a mask. Ours begins with the picture's planes and has
no pyramid of it yet; references are prepared before, as in a test. Full resolution is
`cv2.matchTemplate(TM_SQDIFF_NORMED)` on gray, with a mask `TM_SQDIFF` in colour.

match-agreement is the share of parts of screens (of our own, or of the pictures in a folder), a third of them absent,
clean, noisy, JPEG and H.264, of which our answer is that of an exhaustive search in colour; tests/unit/agreement.py
says what that means.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import logging
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "unit"))

from agreement import judged, tally, trials
from painted import every_screen
from screens import Case, grayed, made, noisy, reference, spots
from virtualpytest_host import ring
from virtualpytest_host.picture import Picture
from virtualpytest_host.virtual import drawing, scenes
from virtualpytest_host.vision import ocr
from virtualpytest_host.vision.black import brightest
from virtualpytest_host.vision.match import find
from virtualpytest_host.vision.motion import change

Finder = Callable[["Case"], object]
MEBI = 1 << 20


@dataclass(frozen=True)
class Figure:
    """What was measured: *want* is a limit from above, from below where *least*, None where nothing is wanted."""

    name: str
    ours: float
    rival: float | None
    ratio: float | None
    unit: str
    want: float | None
    least: bool = False

    @property
    def reached(self) -> bool:
        """Whether it is as wanted."""
        if self.want is None:
            return True
        judged = self.ours if self.ratio is None else self.ratio
        return judged >= self.want if self.least else judged <= self.want

    def record(self) -> dict[str, object]:
        """Return it as benchmarks/README.md describes it."""
        values = {name: None if value is None else round(value, 3) for name, value in
                  (("ours", self.ours), ("rival", self.rival), ("ratio", self.ratio))}  # fmt: skip
        return {"figure": self.name, **values, "unit": self.unit, "want": self.want}


def main() -> int:
    """Measure, print, and return 1 if a figure is not reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--parts", type=int, default=1000, help="how many are looked for to see the agreement")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="screenshots to cut the parts from")
    parser.add_argument("--stbt", type=Path, metavar="CHECKOUT", help="race stb-tester too")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"OpenCV {cv2.__version__}", file=sys.stderr)
    figures = [*matching(options.rounds, options.stbt), agreement(options.parts, options.pictures),
               *looking(options.rounds), reading(options.rounds), memory()]  # fmt: skip
    for figure in figures:
        print(json.dumps(figure.record()) if options.json else _line(figure))
    return int(not all(figure.reached for figure in figures))


def matching(rounds: int, stbt: Path | None) -> Iterator[Figure]:
    """Yield how fast references are found."""
    finders: dict[str, Finder] = {"ours": ours, "full": full, **dict(rivals(stbt))}
    cases = list(made())
    took = [race(case, finders, rounds) for case in cases]
    yield from against_full(cases, took)
    for name in finders.keys() - {"ours", "full"}:
        pairs = [(each["ours"], each[name]) for case, each in zip(cases, took, strict=True) if case.full]
        yield _faster(f"match-vs-{name}", pairs, 7.0 if name == "airtest" else None)
    yield together(rounds)
    right = [found == case.place for case in cases for found in [ours(case)]]
    yield Figure("match-cases-right", sum(right) / len(right), None, None, "of 1", 1.0, least=True)


def agreement(count: int, folder: Path | None) -> Figure:
    """Return the share of answers that are those of an exhaustive search; the others are told on stderr."""
    found = {} if folder is None else {path.name: cv2.imread(str(path)) for path in sorted(folder.iterdir())}
    pictures = {name: np.asarray(pixels, np.uint8) for name, pixels in found.items() if pixels is not None}
    if folder and not pictures:
        sys.exit(f"{folder}: there is no picture in it")
    outcomes = [judged(trial) for trial in trials(pictures or every_screen(0, 1), count, 1)]
    told, wrong = tally(outcomes)
    print(*wrong, f"agreement: {dict(told)}", sep="\n", file=sys.stderr)
    return Figure("match-agreement", 1 - len(wrong) / count, None, None, "of 1", 0.995, least=True)


def against_full(cases: Sequence[Case], took: Sequence[dict[str, float]]) -> Iterator[Figure]:
    """Yield the three figures against the search at full resolution."""
    times = [(case, each["ours"], each["full"]) for case, each in zip(cases, took, strict=True)]
    yield _faster("match-vs-full-resolution", [(mine, other) for case, mine, other in times if case.full], 5.0)
    slow = [(mine, other) for case, mine, other in times if case.kind != "masked" and other > 0.5]
    worst = min(slow, key=lambda pair: pair[1] / pair[0])
    yield _faster("match-vs-full-resolution-worst", [worst], 1.0)
    masked = [(mine, other) for case, mine, other in times if case.kind == "masked"]
    yield _faster("masked-vs-full-resolution", masked, 5.0)


def together(rounds: int) -> Figure:
    """Return what twenty references on one frame take, ten of them absent."""
    home, guide = drawing.home(0), drawing.guide(0, 0)
    picture = Picture.from_bgr(noisy(home, 7))
    places = [(screen, *spot) for screen in (home, guide) for spot in spots(screen, 120, 80)[:10]]
    references = [reference(screen[y : y + 80, x : x + 120]) for screen, x, y in places]

    def look() -> None:
        fresh = replace(picture, cache={})
        for each in references:
            find(fresh, each)

    look()
    return Figure("references-20-ms", cost(look, rounds), None, None, "ms", 16.0)


def looking(rounds: int) -> Iterator[Figure]:
    """Yield what the checks of a whole 720p frame take, beyond decoding."""
    before, after = (Picture.from_bgr(noisy(scenes.live(1, number), number)) for number in (10, 11))
    held, same = (Picture.from_bgr(noisy(drawing.home(0), number, 0.7)) for number in (1, 2))
    black = Picture.from_bgr(np.zeros((720, 1280, 3), np.uint8))
    checks: list[tuple[str, Callable[[], object], float]] = [
        ("motion-ms", lambda: change(before, after), 0.4),
        ("frozen-ms", lambda: change(held, same), 0.1),
        ("black-ms", lambda: brightest(black), 0.05),
    ]
    for name, check, want in checks:
        yield Figure(name, cost(check, rounds * 20), None, None, "ms", want)


def reading(rounds: int) -> Figure:
    """Return what a line of text takes, beside the program tesseract; this is time on the clock."""
    line = np.full((32, 300), 255, np.uint8)
    cv2.putText(line, "Parental control", (8, 23), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 0, 2, cv2.LINE_AA)
    program = ocr.Program(shutil.which("tesseract") or sys.exit("the figure text-line needs the program tesseract"))
    ways: list[Callable[[], object]] = [
        lambda: ocr.read(line, "eng"),
        lambda: program.words(line, "eng", ocr.BLOCKS),
    ]
    for way in ways:
        way()
    rows = [[_clock(way) for way in ways] for _ in range(rounds)]
    mine, other = (statistics.median(column) for column in zip(*rows, strict=True))
    return Figure("text-line-vs-tesseract", mine, other, other / mine, "ms", 5.0, least=True)


def memory() -> Figure:
    """Return what the ring takes of 30 s of 1080p at 10 Mbit/s; it must hold all of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ring"
        writer = ring.Writer(path)
        with contextlib.closing(writer):
            writer.fit(1920 * 1080)
            packet = os.urandom(10_000_000 // 8 // 25)
            for number in range(60 * 25):
                writer.put(packet, stream=ring.VIDEO, pts=number, dts=number, flags=ring.KEY,
                           arrival=number / 25, captured=number / 25, error=0.0)  # fmt: skip
        reader = ring.Reader(path)
        with contextlib.closing(reader):
            held = (reader.newest - reader.oldest() + 1) / 25
        taken = path.stat().st_blocks * 512 / MEBI
    return Figure("ring-1080p-mib", taken * 30 / held, None, None, "MiB", 40.0)


def ours(case: Case) -> tuple[int, int] | None:
    """Return where the reference is."""
    found = find(replace(case.picture, cache={}), case.reference, case.area)
    return (found.region.x, found.region.y) if found.found else None


def full(case: Case) -> None:
    """Search at full resolution."""
    if case.mask is None:
        cv2.minMaxLoc(cv2.matchTemplate(case.gray[case.cut], grayed(case.part), cv2.TM_SQDIFF_NORMED))
    else:
        mask = cv2.merge([case.mask] * 3)
        cv2.minMaxLoc(cv2.matchTemplate(case.frame[case.cut], case.part, cv2.TM_SQDIFF, mask=mask))


def rivals(stbt: Path | None) -> Iterator[tuple[str, Finder]]:
    """Yield those that are there, and say which are not."""
    logging.disable(logging.INFO)
    with _there("airtest"):
        airtest = importlib.import_module("airtest.aircv.template_matching").TemplateMatching
        yield "airtest", lambda case: airtest(case.part, case.frame[case.cut], 0.7).find_best_result()
    with _there("pyscreeze"):
        locate = importlib.import_module("pyscreeze").locate
        yield "pyscreeze", lambda case: _located(locate, case)
    if stbt:
        sys.path.insert(0, str(stbt))
        core = importlib.import_module("stbt_core")
        yield "stbt", lambda case: core.match(core.load_image(case.part), frame=case.frame[case.cut])


@contextlib.contextmanager
def _there(name: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        print(f"no match-vs-{name}: {error}; pip install --no-deps {name}", file=sys.stderr)


def _located(locate: Callable[..., object], case: Case) -> None:
    with contextlib.suppress(Exception):  # it raises where nothing is, an exception of its own or of pyautogui's
        locate(case.part, case.frame[case.cut], grayscale=True, confidence=0.9)


def race(case: Case, finders: dict[str, Finder], rounds: int) -> dict[str, float]:
    """Return the milliseconds of each finder on *case*, in turn; those that know no mask sit such a case out."""
    racing = {name: find for name, find in finders.items() if case.full or name in {"ours", "full"}}
    took: dict[str, list[float]] = {name: [] for name in racing}
    for number in range(rounds + 1):
        for name, finder in racing.items():
            begin = time.thread_time()
            finder(case)
            if number:  # the first prepares
                took[name].append((time.thread_time() - begin) * 1000)
    return {name: statistics.median(times) for name, times in took.items()}


def cost(action: Callable[[], object], times: int) -> float:
    """Return the median milliseconds of processor time that *action* takes."""
    took = []
    for _ in range(times):
        begin = time.thread_time()
        action()
        took.append((time.thread_time() - begin) * 1000)
    return statistics.median(took)


def _faster(name: str, pairs: Sequence[tuple[float, float]], want: float | None) -> Figure:
    mine, other = (statistics.geometric_mean(column) for column in zip(*pairs, strict=True))
    return Figure(name, mine, other, other / mine, "ms", want, least=True)


def _clock(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    action()
    return (time.perf_counter() - begin) * 1000


def _line(figure: Figure) -> str:
    beside = f" against {figure.rival:.2f} {figure.unit}, {figure.ratio:.2f} times as fast" if figure.rival else ""
    limit = "at least" if figure.least else "at most"
    verdict = "" if figure.want is None else f"; {limit} {figure.want} wanted, " + (
        "reached" if figure.reached else "NOT REACHED"
    )  # fmt: skip
    return f"{figure.name:31} {figure.ours:8.3f} {figure.unit}{beside}{verdict}"


if __name__ == "__main__":
    sys.exit(main())
