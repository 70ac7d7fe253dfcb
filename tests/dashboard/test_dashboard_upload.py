"""Runs that are sent to the dashboard, and archives that are not what they seem."""

from __future__ import annotations

import contextlib
import gzip
import io
import itertools
import json
import stat
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import links, ours, plain, rows
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient
from virtualpytest_dashboard import unpacking, uploads
from virtualpytest_dashboard.app import create_app

GZIP, TAR, ZIP = "application/gzip", "application/x-tar", "application/zip"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a folder of runs."""
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


@pytest.fixture
def client(root: Path) -> Iterator[TestClient]:
    """Give a client that may act."""
    with TestClient(create_app([root], control=True), base_url="http://127.0.0.1") as client:
        yield client


def result(name: str = "test_zap", **members: Any) -> bytes:
    found = {"name": name, "fullName": f"tests.test_zap#{name}", "status": "passed", "uuid": f"uuid-{name}",
             "historyId": name, "start": 1_790_000_000_000, "stop": 1_790_000_001_000, **members}  # fmt: skip
    return json.dumps(found).encode()


def tar(files: dict[str, bytes | tarfile.TarInfo], packed: bool = True) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz" if packed else "w") as archive:
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


def zipped(files: dict[str, bytes], mode: int = 0) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return data.getvalue()


def send(client: TestClient, data: Any, kind: str = GZIP, name: str = "nightly") -> Any:
    return client.post(f"/api/runs?name={name}", content=data, headers={**ours(client), "Content-Type": kind})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def left(root: Path) -> list[str]:
    """Return what is in *root* but for our own stores."""
    hidden = root / uploads.PLACE
    return sorted(path.name for path in [*root.iterdir(), *(hidden.iterdir() if hidden.is_dir() else ())]
                  if path.name not in (".virtualpytest", uploads.PLACE))  # fmt: skip


FILES = {"a-result.json": result(), "x-attachment.txt": b"log"}


@pytest.mark.parametrize("folder", ["", "./", "allure-results/", "./allure-results/"])
@pytest.mark.parametrize(
    ("data", "kind"),
    [(tar, GZIP), (lambda files: tar(files, packed=False), TAR), (zipped, ZIP)],
    ids=["gz", "tar", "zip"],
)
def test_run_that_was_sent_shows(client: TestClient, root: Path, data: Any, kind: str, folder: str) -> None:
    answer = send(client, data({f"{folder}{name}": content for name, content in FILES.items()}), kind)

    assert answer.status_code == 201, answer.text
    assert answer.json()["address"] == f"http://127.0.0.1/runs/{answer.json()['run']}"
    assert rows(client.get(answer.headers["location"]).text) == ["test_zap"]
    assert names(root / "nightly") == ["a-result.json", "x-attachment.txt"]
    assert left(root) == ["nightly"]


def test_what_was_taken_away_can_be_sent_back(client: TestClient, root: Path) -> None:
    named = {"name": "log", "source": "x-attachment.txt", "type": "text/plain"}
    files = {**FILES, "a-result.json": result(attachments=[named], labels=[{"name": "suite", "value": "zap"}])}
    first = send(client, tar(files)).json()["run"]

    taken = client.get(f"/runs/{first}/export.zip").content
    answer = send(client, taken, ZIP, "again")

    assert answer.status_code == 201
    page = client.get(answer.headers["location"])
    assert rows(page.text) == ["test_zap"]
    assert "log" in plain(client.get(links(page.text, "/tests/")[0]).text)
    assert (root / "again" / "x-attachment.txt").read_bytes() == b"log"


def test_second_run_of_a_name_gets_a_number(client: TestClient, root: Path) -> None:
    assert [send(client, tar(FILES)).json()["title"] for _ in range(3)] == ["nightly", "nightly-2", "nightly-3"]


def test_runs_of_one_name_at_once_are_each_kept(root: Path) -> None:
    found: list[Path] = []

    def unpacked(number: int) -> None:
        with uploads._place(root) as place:
            (place / "archive").write_bytes(tar({f"{number}-result.json": result(f"test_{number}")}))
            found.append(uploads._unpack(place, root, "nightly"))

    threads = [threading.Thread(target=unpacked, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(path.name for path in found) == ["nightly", *(f"nightly-{number}" for number in range(2, 9))]
    assert sorted(name for path in found for name in names(path)) == [f"{number}-result.json" for number in range(8)]
    assert left(root) == sorted(path.name for path in found)


def link(name: str, kind: bytes, to: str = "/etc/passwd") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return info


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        (tar({"../evil-result.json": result()}), GZIP, "leads out of the archive"),
        (tar({"/tmp/evil-result.json": result()}), GZIP, "leads out of the archive"),
        (tar({"a/../../evil-result.json": result()}), GZIP, "leads out of the archive"),
        (zipped({"../evil-result.json": result()}), ZIP, "leads out of the archive"),
        (zipped({"C:evil-result.json": result()}), ZIP, "leads out of the archive"),
        (zipped({"..\\evil-result.json": result()}), ZIP, "leads out of the archive"),
        (tar({"a-result.json": link("a-result.json", tarfile.SYMTYPE)}), GZIP, "no plain file"),
        (tar({"a-result.json": link("a-result.json", tarfile.LNKTYPE)}), GZIP, "no plain file"),
        (tar({"a-result.json": link("a-result.json", tarfile.CHRTYPE)}), GZIP, "no plain file"),
        (tar({"a-result.json": link("a-result.json", tarfile.FIFOTYPE)}), GZIP, "no plain file"),
        (zipped({"a-result.json": b"/etc/passwd"}, stat.S_IFLNK | 0o777), ZIP, "no plain file"),
        (tar({"a/b/a-result.json": result()}), GZIP, "in one folder"),
        (tar({"a/a-result.json": result(), "b/b-result.json": result()}), GZIP, "in one folder"),
        (tar({"a-result.json": result(), "./a-result.json": result()}), GZIP, "is twice in the archive"),
        (tar({"notes.txt": b"hello"}), GZIP, "no Allure results in it"),
        (tar({}), GZIP, "no Allure results in it"),
        (tar(FILES)[:-30], GZIP, "cannot be read to its end"),
        (tar(FILES, packed=False)[:700], TAR, "cannot be read to its end"),
        (zipped(FILES)[:-30], ZIP, "cannot be read to its end"),
        (b"no archive at all", GZIP, "cannot be read to its end"),
        (b"", TAR, "cannot be read to its end"),
        (gzip.compress(b"no tar"), GZIP, "cannot be read to its end"),
    ],
    ids=itertools.count(),  # bytes would be named by what they hold, and a gzip holds the time
)  # fmt: skip
def test_archive_that_is_no_run_is_refused_and_leaves_nothing(
    client: TestClient, root: Path, data: bytes, kind: str, said: str
) -> None:
    answer = send(client, data, kind)

    assert (answer.status_code, said in answer.json()["error"]) == (422, True), answer.text
    assert left(root) == []
    assert not (root.parent / "evil-result.json").exists()


def _flood(size: int) -> bytes:
    info = tarfile.TarInfo("a-result.json")
    info.size = size
    pack, zeros = zlib.compressobj(9, wbits=31), bytes(1 << 20)
    packed = [pack.compress(info.tobuf()), *(pack.compress(zeros) for _ in range(size >> 20)), pack.flush()]
    return b"".join(packed)


def _header(size: int) -> bytes:
    """Return a tar whose name alone would fill the memory."""
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, size
    pack, letters = zlib.compressobj(9, wbits=31), b"a" * (1 << 20)
    return b"".join([pack.compress(info.tobuf()), *(pack.compress(letters) for _ in range(size >> 20)), pack.flush()])


@pytest.mark.parametrize(
    ("data", "kind"),
    [(_flood(80 << 20), GZIP), (zipped({"a-result.json": bytes(80 << 20)}), ZIP), (_header(80 << 20), GZIP)],
    ids=["tar", "zip", "header"],
)
def test_bomb_is_refused_and_leaves_nothing(client: TestClient, root: Path, data: bytes, kind: str) -> None:
    answer = send(client, data, kind)

    assert answer.status_code == 413, answer.text
    assert left(root) == []


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(tar({f"{number}.txt": b"" for number in range(6)}))
    (tmp_path / "into").mkdir()

    with pytest.raises(HTTPException) as refused:
        unpacking.unpack(tmp_path / "archive", tmp_path / "into", unpacking.Limits(files=5))

    assert (refused.value.status_code, refused.value.detail) == (413, "the archive has more than 5 files")


def test_hidden_files_and_the_history_of_allure_2_are_left_out(client: TestClient, root: Path) -> None:
    files = {"r/a-result.json": result(), "r/.virtualpytest/results.sqlite": b"x", "r/history/history.json": b"{}"}

    assert send(client, tar(files)).status_code == 201
    assert names(root / "nightly") == ["a-result.json"]


@pytest.mark.parametrize("name", ["..", ".hidden", "a/b", "a b", "x" * 101, "-rf"])
def test_name_that_is_none_is_refused(client: TestClient, root: Path, name: str) -> None:
    assert send(client, tar(FILES), name=name).status_code == 422
    assert left(root) == []


def test_other_kinds_of_body_are_refused(client: TestClient) -> None:
    answer = send(client, b"{}", "application/json")

    assert (answer.status_code, answer.json()["error"][:36]) == (415, "send a tar or zip of Allure results:")


def test_who_may_only_look_sends_nothing(root: Path) -> None:
    with TestClient(create_app([root]), base_url="http://127.0.0.1") as client:
        assert send(client, tar(FILES)).status_code == 403
    assert left(root) == []


def test_dashboard_over_one_run_takes_no_others(root: Path) -> None:
    (root / "a-result.json").write_bytes(result())

    with TestClient(create_app([root], control=True), base_url="http://127.0.0.1") as client:
        answer = send(client, tar(FILES))

    assert (answer.status_code, answer.json()["error"][:37]) == (409, "This dashboard shows single runs: sta")


def test_what_a_killed_upload_left_goes_at_the_next_start_and_one_that_goes_on_stays(root: Path) -> None:
    dead = root / uploads.PLACE / "dead"
    (dead / "unpacked").mkdir(parents=True)
    (dead / "lock").touch()
    (dead / "unpacked" / "a-result.json").write_bytes(result())

    with contextlib.ExitStack() as undo:
        alive = undo.enter_context(uploads._place(root))
        with TestClient(create_app([root]), base_url="http://127.0.0.1") as client:
            assert "/runs/" not in client.get("/").text.replace("/api/runs", "")
        assert names(root / uploads.PLACE) == [alive.name]
