"""A run to take away: the zip is a plain Allure folder, the page needs nothing else."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from browsing import Write, client_of, links, plain, run_page
from starlette.testclient import TestClient
from virtualpytest_dashboard import archive, report
from virtualpytest_dashboard.journal import FILE
from virtualpytest_dashboard.results import Folder

HOSTILE = '<script>alert("x")</script>'
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


def zipped(client: TestClient) -> zipfile.ZipFile:
    """Return the zip of the newest run, which must be whole."""
    [address] = links(run_page(client), r"/export\.zip")
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    found = zipfile.ZipFile(io.BytesIO(answer.content))
    assert found.testzip() is None
    return found


def page_of(client: TestClient) -> str:
    """Return the one page of the newest run."""
    [address] = links(run_page(client), r"/export\.html")
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert "sandbox" in answer.headers["content-security-policy"]
    return answer.text


def attached(source: str, **more: Any) -> dict[str, Any]:
    return {"attachments": [{"name": "screen", "source": source, "type": "image/png"}], **more}


def test_zip_has_every_result_container_and_attachment_of_a_real_run(site: TestClient, real: Path) -> None:
    with zipped(site) as found:
        names = set(found.namelist())
        there = {path.name for path in real.iterdir() if path.is_file()}
        same = [name for name in names if "-attachment." in name and found.read(name) != (real / name).read_bytes()]

        assert names == there
        assert same == []
        for name in names:
            if name.endswith(("-result.json", "-container.json")):
                assert json.loads(found.read(name)) == json.loads((real / name).read_text("utf-8"))


def test_zip_has_only_files_that_the_run_names(folder: Path, client: TestClient, write: Write) -> None:
    write(steps=[attached("seen.png", name="step", steps=[attached("deep.png", name="inner")])])
    for name in ("seen.png", "deep.png", "other.png", "secret.txt", ".hidden"):
        (folder / name).write_bytes(PICTURE)
    (folder / FILE).write_text('{"kind": "run"}\n')

    with zipped(client) as found:
        assert sorted(found.namelist()) == ["0000-result.json", "deep.png", "seen.png", FILE]
        assert found.read("deep.png") == PICTURE


@pytest.mark.parametrize(
    "source", ["../secret.txt", "/etc/passwd", "..", ".hidden", "a/b.png", "link.png", "pipe.png", "x" * 101]
)
def test_zip_follows_no_name_out_of_the_folder(folder: Path, client: TestClient, write: Write, source: str) -> None:
    (folder.parent / "secret.txt").write_text("secret")
    (folder / ".hidden").write_text("hidden")
    (folder / "link.png").symlink_to(folder.parent / "secret.txt")
    os.mkfifo(folder / "pipe.png")
    write(**attached(source))

    with zipped(client) as found:
        assert found.namelist() == ["0000-result.json"]


def test_zip_has_no_nulls_and_nothing_that_cannot_be_read(folder: Path, client: TestClient, write: Write) -> None:
    write(labels=[None, {"name": "tag", "value": None}], steps=None)
    (folder / "cut-result.json").write_text('{"name": "te')
    (folder / "copy-result.json").write_text((folder / "0000-result.json").read_text())
    (folder / "gr\u00f6\u00dfe-result.json").write_text(json.dumps({"name": "odd", "status": "passed", "uuid": "odd"}))

    with zipped(client) as found:
        documents = [json.loads(found.read(name)) for name in found.namelist()]

        assert sorted(document["name"] for document in documents) == ["odd", "test_zap"]
        assert all(re.fullmatch(r"[a-zA-Z0-9._-]{1,100}", name) for name in found.namelist())
        assert b"null" not in b"".join(found.read(name) for name in found.namelist())


def test_zip_comes_in_pieces_however_large_the_files_are(folder: Path, write: Write) -> None:
    write(**attached("clip.mp4"))
    (folder / "clip.mp4").write_bytes(os.urandom(1 << 20) * 8)
    run = Folder(folder, "night", "night")
    run.run()

    pieces = list(archive.stream(run))

    assert max(map(len, pieces)) < 1 << 20
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as found:
        assert found.read("clip.mp4") == (folder / "clip.mp4").read_bytes()


def test_dashboard_shows_the_zip_as_the_run_that_it_was(site: TestClient, tmp_path: Path) -> None:
    with zipped(site) as found:
        found.extractall(tmp_path / "nightly")
    with client_of(tmp_path / "nightly") as other:
        there, here = plain(run_page(other)), plain(run_page(site))

    assert there.partition("Environment")[0] == here.partition("Environment")[0]


def test_page_has_verdicts_messages_steps_and_pictures_of_failures(site: TestClient, real: Path) -> None:
    page = page_of(site)

    assert "4 broken" not in plain(page)
    assert "1 failed 3 broken" in re.sub(r"[^\w\s]", "", plain(page)).replace("  ", " ")
    assert "NotSeen: banner.png: not seen within 5 s" in plain(page)
    assert "data:image/png;base64," in page
    assert plain(page).count("test_channel[1]") == 1


def test_page_asks_for_nothing_and_runs_nothing(folder: Path, client: TestClient, write: Write) -> None:
    (folder / "seen.png").write_bytes(PICTURE)
    write(HOSTILE, "failed", fullName=f"{HOSTILE}#t", statusDetails={"message": HOSTILE, "trace": HOSTILE + "\nx"},
          steps=[attached("seen.png", name=HOSTILE, status=HOSTILE)],
          labels=[{"name": "device", "value": HOSTILE}])  # fmt: skip

    page = page_of(client)

    assert not re.search(r"<(?:script|link|iframe|a)\b|\bhref=|src=\"(?!data:)|url\(", page)
    assert "default-src &#39;none&#39;" in page
    assert "<script>" not in page


def test_page_is_bounded_and_says_what_is_not_in_it(
    folder: Path, client: TestClient, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "_ROOM", 100_000)
    monkeypatch.setattr(report, "_ROWS", 10)
    (folder / "seen.png").write_bytes(PICTURE * 3)
    for number in range(12):
        write(f"test_{number}", "failed", statusDetails={"message": "m", "trace": "t" * 50_000}, **attached("seen.png"))

    page = page_of(client)

    assert len(page) < 200_000
    assert "11 more to look at are below, without their details" in page
    assert "2 more tests are not in this file" in plain(page)
    assert "30000 characters more" in page


def test_picture_that_is_gone_a_link_or_too_large_is_left_out(
    folder: Path, client: TestClient, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "_PICTURE", 5000)
    (folder / "large.png").write_bytes(PICTURE)
    (folder / "link.png").symlink_to("/etc/hostname")
    for source in ("large.png", "link.png", "gone.png", "../large.png"):
        write(f"test_{source}", "failed", **attached(source))

    assert "data:image" not in page_of(client)


def test_run_that_is_not_there_has_nothing_to_take_away(client: TestClient) -> None:
    assert client.get("/runs/none/export.zip").status_code == 404
    assert client.get("/runs/none/export.html").status_code == 404
