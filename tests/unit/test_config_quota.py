"""`captures_quota`: what the captures of a host may take, in words that a person writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab_files import loaded, problems


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", 2 << 30),
        ('captures_quota = "2 GiB"', 2 << 30),
        ('captures_quota = "500MiB"', 500 << 20),
        ('captures_quota = "1.5 GiB"', 3 << 29),
        ('captures_quota = "64 KiB"', 65536),
    ],
)
def test_quota_is_read(lab_folder: Path, text: str, size: int) -> None:
    lab = loaded(f"[hosts.rack1]\n{text}")

    assert lab.hosts["rack1"].captures_quota == size


@pytest.mark.parametrize("size", ["2 GB", "-1 GiB", "GiB", "2"])
def test_what_is_no_size_is_refused(lab_folder: Path, size: str) -> None:
    found = problems(f'[hosts.rack1]\ncaptures_quota = "{size}"')

    message = f"{size!r} is no size; write one such as '500 MiB' or '2 GiB'"
    assert found == [f"lab.toml: hosts.rack1.captures_quota: {message}"]
