"""Reference pictures on their way to a device's host."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from bench import Bench

from pytest_virtualpytest.config import DeviceConfig
from pytest_virtualpytest.exceptions import ReferenceNotFound, VirtualPytestError
from pytest_virtualpytest.link import Link
from pytest_virtualpytest.looking import Looking
from pytest_virtualpytest.report import Silent
from pytest_virtualpytest.targets import All, Not, Target, from_wire
from pytest_virtualpytest.wire import Call


def looking(bench: Bench) -> Looking:
    """Return the look-up of the leased device."""
    link = Link(bench.gateway, "stb1", "rack1", ["power", "remote"], Silent(), bench.token)
    return Looking(link, DeviceConfig("stb1", "rack1"))


def picture(folder: Path, name: str, content: bytes) -> str:
    """Write a picture and return the hash of what is in it."""
    (folder / name).write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def found(look: Looking, target: Target | str, folder: Path) -> Target:
    return look.resolved(target, beside=folder / "test_zap.py")


def test_pictures_of_a_target_reach_the_host(bench: Bench, own_state: Path, tmp_path: Path) -> None:
    banner, mask = picture(tmp_path, "banner.png", b"banner"), picture(tmp_path, "mask.png", b"mask")
    home = picture(tmp_path, "home.png", b"home")
    (tmp_path / "banner.toml").write_text('mask = "mask.png"')
    look = looking(bench)
    target = found(look, All("banner.png", Not("home.png")), tmp_path)

    shipped = look.shipped(target)

    assert from_wire(shipped) == target
    kept = {path.name: path.read_bytes() for path in (own_state / "references").iterdir()}
    assert kept.items() >= {banner: b"banner", mask: b"mask", home: b"home"}.items()


def test_picture_is_sent_once_in_a_lease(bench: Bench, own_state: Path, tmp_path: Path) -> None:
    sha, look = picture(tmp_path, "once.png", b"sent once"), looking(bench)
    target = found(look, "once.png", tmp_path)
    look.shipped(target)
    (own_state / "references" / sha).unlink()

    look.shipped(target)

    assert not (own_state / "references" / sha).exists()
    looking(bench).shipped(target)
    assert (own_state / "references" / sha).read_bytes() == b"sent once"


def test_picture_that_the_host_has_is_not_sent_again(bench: Bench, own_state: Path, tmp_path: Path) -> None:
    sha = picture(tmp_path, "known.png", b"known")
    looking(bench).shipped(found(looking(bench), "known.png", tmp_path))
    written = (own_state / "references" / sha).stat().st_mtime_ns

    looking(bench).shipped(found(looking(bench), "known.png", tmp_path))

    assert (own_state / "references" / sha).stat().st_mtime_ns == written


def test_picture_that_changes_is_sent_again(bench: Bench, own_state: Path, tmp_path: Path) -> None:
    look = looking(bench)
    picture(tmp_path, "banner.png", b"the old look")
    look.shipped(found(look, "banner.png", tmp_path))

    fresh = picture(tmp_path, "banner.png", b"the new look")
    look.shipped(found(look, "banner.png", tmp_path))

    assert (own_state / "references" / fresh).read_bytes() == b"the new look"


def test_content_of_another_hash_is_refused(bench: Bench) -> None:
    sha = "ab" * 32

    with pytest.raises(VirtualPytestError, match="its content has another hash"):
        bench.gateway.call(Call("references.put", "stb1", {"sha": sha}, bench.token, 10, [b"other"]))


def test_picture_that_was_never_sent_is_an_error() -> None:
    from virtualpytest_host import references

    with pytest.raises(ReferenceNotFound, match=r"reference picture abababababab… was not sent to this host"):
        references.read("ab" * 32)
