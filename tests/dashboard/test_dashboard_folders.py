"""Which runs there are, in the folders that the dashboard is given."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from browsing import Write, client_of, links, plain
from virtualpytest_dashboard import folders

from pytest_virtualpytest.exceptions import ConfigError


def test_several_folders_and_folders_of_runs_are_listed(tmp_path: Path, real: Path, write: Write, folder: Path) -> None:
    write()
    deep = tmp_path / "builds" / "17" / "allure-results"
    deep.mkdir(parents=True)
    os.link(folder / "0000-result.json", deep / "0000-result.json")

    with client_of(real, tmp_path) as client:
        page = plain(client.get("/").text)

    assert "nightly" in page
    assert "17/allure-results" in page
    assert "night " in page


def test_hidden_folders_links_and_deeper_ones_hold_no_runs(tmp_path: Path, write: Write, folder: Path) -> None:
    write()
    root = tmp_path / "root"
    for place in (".hidden", "a/b/c/deeper"):
        (root / place).mkdir(parents=True)
        os.link(folder / "0000-result.json", root / place / "0000-result.json")
    (root / "link").symlink_to(folder)

    with client_of(root) as client:
        page = client.get("/").text

    assert "No results yet." in page


def test_runs_of_one_name_keep_addresses_of_their_own(tmp_path: Path, write: Write, folder: Path) -> None:
    write()
    for place in ("a", "b"):
        (tmp_path / place / "same").mkdir(parents=True)
        os.link(folder / "0000-result.json", tmp_path / place / "same" / "0000-result.json")

    with client_of(tmp_path / "a", tmp_path / "b") as client:
        addresses = set(links(client.get("/").text, "/runs/same"))

    assert len(addresses) == 2


def test_folder_may_be_empty_where_people_send_results_to_it(tmp_path: Path) -> None:
    assert folders.check([str(tmp_path)], empty=True) == [tmp_path]
    with pytest.raises(ConfigError, match="no Allure results in it"):
        folders.check([str(tmp_path)])
