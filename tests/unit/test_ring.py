"""The packet ring: what is written is read, and what is overwritten is never read as something else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from virtualpytest_host import ring

_WRITER = """
import pathlib, sys, time
from virtualpytest_host import ring
writer = ring.Writer(pathlib.Path(sys.argv[1]))
print("ready", flush=True)
end, number = time.monotonic() + 1.5, 0
while time.monotonic() < end:
    number += 1
    writer.put(number.to_bytes(4, "big") * (20_000 + number % 7 * 3_000), stream=0, pts=number, dts=number,
               flags=0, arrival=0.0, captured=0.0, error=0.0)
print(number, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the path of a ring."""
    return tmp_path / "ring"


@pytest.fixture
def writer(path: Path) -> Iterator[ring.Writer]:
    """Give the one that fills the ring."""
    with closing(ring.Writer(path)) as writer:
        yield writer


@pytest.fixture
def reader(writer: ring.Writer, path: Path) -> Iterator[ring.Reader]:
    """Give one that reads it."""
    with closing(ring.Reader(path)) as reader:
        yield reader


def put(writer: ring.Writer, data: bytes, pts: int = 0, stream: int = ring.VIDEO, flags: int = 0) -> None:
    writer.put(data, stream=stream, pts=pts, dts=pts - 1, flags=flags, arrival=7.5, captured=7.25, error=0.01)


def test_empty_ring_holds_nothing(reader: ring.Reader) -> None:
    held = reader.newest, reader.oldest(), reader.entry(0), reader.entry(1)

    assert held == (0, 0, None, None)


def test_packet_is_read_as_it_was_written(writer: ring.Writer, reader: ring.Reader) -> None:
    generation = writer.begin()
    put(writer, b"picture", pts=-3, stream=ring.AUDIO, flags=ring.KEY | ring.GAP)

    entry = reader.entry(1)

    assert entry is not None
    assert (entry.number, entry.pts, entry.dts, entry.size, entry.stream) == (1, -3, -4, 7, ring.AUDIO)
    assert (entry.arrival, entry.captured, entry.error, entry.generation) == (7.5, 7.25, 0.01, generation)
    assert entry.key
    assert entry.gap
    assert reader.data(entry) == b"picture"


def test_packets_are_numbered_without_a_gap(writer: ring.Writer, reader: ring.Reader) -> None:
    for pts in range(100):
        put(writer, b"x" * pts, pts)

    entries = [reader.entry(number) for number in range(1, reader.newest + 1)]

    assert [entry.pts for entry in entries if entry] == list(range(100))


def test_oldest_packets_give_way_when_the_data_is_full(writer: ring.Writer, reader: ring.Reader) -> None:
    piece = 1 << 20
    for number in range(1, 41):
        put(writer, bytes([number]) * (piece - number))

    oldest = reader.oldest()
    held = [reader.entry(number) for number in range(oldest, 41)]

    assert reader.entry(oldest - 1) is None
    assert 40 - oldest >= ring.DATA // piece - 2
    assert all(entry and reader.data(entry) == bytes([entry.number]) * (piece - entry.number) for entry in held)


def test_oldest_packets_give_way_when_the_index_is_full(writer: ring.Writer, reader: ring.Reader) -> None:
    for number in range(1, ring.SLOTS + 101):
        put(writer, b"x", pts=number)

    first, oldest = reader.entry(1), reader.oldest()

    assert first is None
    assert oldest in {101, 102}
    assert reader.entry(oldest) is not None


def test_packet_that_is_overwritten_between_two_looks_is_none(writer: ring.Writer, reader: ring.Reader) -> None:
    put(writer, b"first")
    entry = reader.entry(1)
    assert entry is not None
    for _ in range(20):
        put(writer, bytes(1 << 20))

    data = reader.data(entry)

    assert data is None


def test_reader_beside_a_writer_never_sees_a_torn_packet(path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    seen = lost = 0

    with process, closing(ring.Reader(path)) as reader:
        while process.poll() is None:
            for number in (reader.newest, reader.oldest()):
                entry = reader.entry(number)
                data = reader.data(entry) if entry else None
                if entry is None or data is None:
                    lost += 1
                    continue
                assert entry.number == entry.pts == number
                assert data == number.to_bytes(4, "big") * (20_000 + number % 7 * 3_000)
                seen += 1
        written = int(process.stdout.read())

    assert written > ring.DATA // 80_000  # it went round
    assert seen > 100


def test_larger_pictures_get_a_larger_ring(writer: ring.Writer, reader: ring.Reader) -> None:
    writer.fit(1920 * 1080)
    for _ in range(40):
        put(writer, bytes(1 << 20))

    oldest = reader.oldest()

    assert oldest in {1, 2}


def test_ring_that_holds_packets_keeps_its_size(writer: ring.Writer, reader: ring.Reader) -> None:
    put(writer, b"first")
    writer.fit(1920 * 1080)
    for _ in range(40):
        put(writer, bytes(1 << 20))

    oldest = reader.oldest()

    assert oldest > 20


def test_every_generation_has_a_number_of_its_own(writer: ring.Writer, reader: ring.Reader) -> None:
    put(writer, b"before")
    generation = writer.begin()
    put(writer, b"after")

    before, after = reader.entry(1), reader.entry(2)

    assert before is not None
    assert after is not None
    assert before.generation != after.generation == generation


def test_new_ring_takes_the_place_of_an_old_one_whose_readers_keep_it(
    writer: ring.Writer, reader: ring.Reader, path: Path
) -> None:
    put(writer, b"old")

    with closing(ring.Writer(path)), closing(ring.Reader(path)) as second:
        assert second.newest == 0
        assert reader.newest == 1


def test_ring_is_for_owner_and_group_only(writer: ring.Writer, path: Path) -> None:
    mode = path.stat().st_mode & 0o777

    assert mode & 0o007 == 0


def test_link_in_the_place_of_a_new_ring_is_not_followed(path: Path) -> None:
    victim = path.with_name("victim")
    victim.write_text("precious")
    path.with_suffix(".new").symlink_to(victim)

    ring.Writer(path).close()

    assert victim.read_text() == "precious"


def test_other_file_is_no_ring(path: Path) -> None:
    path.write_bytes(b"something else" * 1000)

    with pytest.raises(ValueError, match="ring is no packet ring"):
        ring.Reader(path)
