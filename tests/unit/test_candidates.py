"""Proposals for new references: kept beside them, never used, and accepted or rejected by a person."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pytest_virtualpytest import candidates, looking
from pytest_virtualpytest.candidates import Candidate
from pytest_virtualpytest.exceptions import ReferenceNotFound, VirtualPytestError


def proposal(path: Path, score: float = 0.5, content: bytes = b"old") -> Candidate:
    """Return a proposal for the reference *path*, whose content is written first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    sha = hashlib.sha256(content).hexdigest()
    return Candidate(path, sha, score, 0.75, (1, 2, 30, 40), "test_zap.py::test_one", 1e9)


def test_it_lies_beside_the_reference_and_is_read_again(tmp_path: Path) -> None:
    made = proposal(tmp_path / "a" / "banner.png")

    assert made.write(b"new")

    assert candidates.within(tmp_path) == [made]
    assert made.path == tmp_path / "a" / "banner.png.candidate"
    assert (made.path.read_bytes(), made.reference.read_bytes()) == (b"new", b"old")


def test_nearer_one_stays(tmp_path: Path) -> None:
    proposal(tmp_path / "banner.png", 0.6).write(b"nearer")

    assert not proposal(tmp_path / "banner.png", 0.5).write(b"new")
    assert proposal(tmp_path / "banner.png", 0.7).write(b"nearest")

    (kept,) = candidates.within(tmp_path)
    assert (kept.score, kept.path.read_bytes()) == (0.7, b"nearest")


def test_one_for_a_reference_of_other_content_is_written_over(tmp_path: Path) -> None:
    proposal(tmp_path / "banner.png", 0.6, b"older").write(b"nearer")

    assert proposal(tmp_path / "banner.png", 0.1, b"old").write(b"new")


def test_accepted_it_is_the_reference(tmp_path: Path) -> None:
    made = proposal(tmp_path / "banner.png")
    made.write(b"new")

    made.accept()

    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("banner.png", b"new")]


def test_rejected_it_is_gone(tmp_path: Path) -> None:
    made = proposal(tmp_path / "banner.png")
    made.write(b"new")

    made.reject()

    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("banner.png", b"old")]


def test_reference_that_has_changed_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    made = proposal(tmp_path / "banner.png")
    made.write(b"new")
    made.reference.write_bytes(b"by hand")

    with pytest.raises(VirtualPytestError, match=r"it has changed since the candidate was cut \(test_zap"):
        made.accept()

    assert made.reference.read_bytes() == b"by hand"


def test_name_is_a_path_or_the_end_of_one(tmp_path: Path) -> None:
    one, two = proposal(tmp_path / "a" / "banner.png"), proposal(tmp_path / "b" / "banner.png")
    known = [one, two, proposal(tmp_path / "home.png")]

    assert candidates.named("a/banner.png", known) == one
    assert candidates.named("b/banner.png.candidate", known) == two
    with pytest.raises(VirtualPytestError, match=r"^banner\.png: 2 candidates have that name; there are .*a/banner"):
        candidates.named("banner.png", known)
    with pytest.raises(VirtualPytestError, match=r"^nner\.png: 0 candidates have that name; there are .*home\.png"):
        candidates.named("nner.png", known)
    with pytest.raises(VirtualPytestError, match=r"^a\.png: 0 candidates have that name; there are none"):
        candidates.named("a.png", [])


def test_file_that_nothing_is_said_of_is_no_candidate(tmp_path: Path) -> None:
    (tmp_path / "x.png.candidate").write_bytes(b"new")
    (tmp_path / "y.png.candidate").write_bytes(b"new")
    (tmp_path / "y.png.candidate.json").write_text("[1]")

    assert candidates.within(tmp_path) == []


def test_candidate_is_never_a_reference(tmp_path: Path) -> None:
    proposal(tmp_path / "banner.png").write(b"new")

    with pytest.raises(ReferenceNotFound, match=r"banner\.png\.candidate: a candidate is no reference; accept it"):
        looking.locate("banner.png.candidate", tmp_path / "test_zap.py", (), None)
    with pytest.raises(ReferenceNotFound, match="no such picture"):
        looking.locate("banner.candidate.png", tmp_path / "test_zap.py", ("candidate",), None)
