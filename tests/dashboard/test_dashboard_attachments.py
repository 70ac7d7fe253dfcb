"""Attachments: pictures show, clips can be wound, nothing acts and nothing else leaves the folder."""

from __future__ import annotations

import html
import re
import socket
from pathlib import Path

import pytest
from browsing import Write, links, run_page, shown_test
from starlette.testclient import TestClient


def _address(client: TestClient, name: str) -> str:
    run = links(client.get("/").text, "/runs/")[0]
    return f"{run}/attachments/{name}"


def _of(page: str, ending: str) -> str:
    found = re.search(rf'(?:src|href)="([^"]*/attachments/[^"]*{re.escape(ending)})"', page)
    assert found
    return html.unescape(found[1])


def test_picture_is_sent_as_what_it_is(site: TestClient) -> None:
    answer = site.get(_of(shown_test(site, "test_zap"), ".png"))

    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")


def test_clip_can_be_wound(site: TestClient) -> None:
    address = _of(shown_test(site, "test_zap"), ".mp4")

    answer = site.get(address, headers={"range": "bytes=4-7"})

    assert answer.status_code == 206
    assert answer.content == b"real"
    assert answer.headers["content-range"] == "bytes 4-7/11400"
    assert answer.headers["content-type"] == "video/mp4"


def test_range_beyond_the_end_is_refused(site: TestClient) -> None:
    address = _of(shown_test(site, "test_zap"), ".mp4")

    assert site.get(address, headers={"range": "bytes=99999-"}).status_code == 416


def test_only_its_head_can_be_asked_for(site: TestClient) -> None:
    answer = site.head(_of(shown_test(site, "test_zap"), ".mp4"))

    assert answer.headers["content-length"] == "11400"
    assert answer.content == b""


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.xhtml", "a.pdf", "a.js", "a.HTM", "noending", "a.png.html"])
def test_what_a_browser_might_run_is_a_download_without_rights(
    client: TestClient, folder: Path, write: Write, name: str
) -> None:
    write()
    (folder / name).write_text("<script>alert(1)</script>", encoding="utf-8")

    answer = client.get(_address(client, name))

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["a.txt", "a.log", "a.json", "a.xml", "a.csv"])
def test_text_is_sent_as_plain_text_whatever_it_holds(
    client: TestClient, folder: Path, write: Write, name: str
) -> None:
    write()
    (folder / name).write_text("<script>alert(1)</script>", encoding="utf-8")

    answer = client.get(_address(client, name))

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_script_in_a_text_attachment_is_text_on_the_page(client: TestClient, folder: Path, write: Write) -> None:
    (folder / "a.txt").write_text("<script>alert(1)</script>", encoding="utf-8")
    write(attachments=[{"name": "<img src=x onerror=alert(2)>", "source": "a.txt", "type": "text/plain"}])

    page = shown_test(client, "test_zap")

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<img src=x" not in page


@pytest.mark.parametrize(
    "name",
    ["..", "%2e%2e%2fsecret.txt", "..%2f..%2fsecret.txt", "%2fetc%2fpasswd", "..%5csecret.txt",
     ".hidden", "a%00.txt", "x" * 101, "link.txt", "pipe.txt", "inner"],
)  # fmt: skip
def test_nothing_but_plain_files_of_the_folder_is_sent(
    client: TestClient, folder: Path, write: Write, name: str
) -> None:
    write()
    (folder.parent / "secret.txt").write_text("secret", encoding="utf-8")
    (folder / ".hidden").write_text("secret", encoding="utf-8")
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "inner").mkdir()
    with socket.socket(socket.AF_UNIX) as pipe:
        pipe.bind(str(folder / "pipe.txt"))

        answer = client.get(_address(client, name))

    assert answer.status_code == 404 if name != ".." else "secret" not in answer.text
    assert "secret\n" not in answer.text


def test_attachment_that_is_gone_or_climbs_out_is_named_not_shown(client: TestClient, write: Write) -> None:
    write(
        status="failed",
        attachments=[
            {"name": "gone", "source": "gone-attachment.png", "type": "image/png"},
            {"name": "climb", "source": "../../../etc/passwd", "type": "text/plain"},
        ],
    )

    page = shown_test(client, "test_zap")

    assert "gone: not in the folder" in page
    assert "climb: not in the folder" in page
    assert "root:" not in page
    assert "<img" not in page
    assert "<img" not in run_page(client)


def test_missing_attachment_is_told_plainly(client: TestClient, write: Write) -> None:
    write()

    answer = client.get(_address(client, "none.png"))

    assert answer.status_code == 404
    assert "There is no attachment 'none.png' in this run." in html.unescape(answer.text)


def test_of_a_long_log_the_page_holds_the_beginning(client: TestClient, folder: Path, write: Write) -> None:
    (folder / "a.log").write_text("begin " + "x" * 3_000_000 + " end", encoding="utf-8")
    write(attachments=[{"name": "log", "source": "a.log", "type": "text/plain"}])

    page = shown_test(client, "test_zap")

    assert "begin xxx" in page
    assert "2.9 MB more" in page
    assert len(page) < 100_000
    assert client.get(_of(page, "a.log")).text.endswith(" end")


def test_log_that_is_not_utf8_is_shown_all_the_same(client: TestClient, folder: Path, write: Write) -> None:
    (folder / "a.log").write_bytes(b"caf\xe9 \x00 \xff")
    write(attachments=[{"name": "log", "source": "a.log", "type": "text/plain"}])

    assert "caf\ufffd" in shown_test(client, "test_zap")


def test_json_attachment_is_shown_readably(client: TestClient, folder: Path, write: Write) -> None:
    (folder / "a.json").write_text('{"score": 0.61}', encoding="utf-8")
    write(attachments=[{"name": "match", "source": "a.json", "type": "application/json"}])

    assert '{\n  &#34;score&#34;: 0.61\n}' in shown_test(client, "test_zap")
