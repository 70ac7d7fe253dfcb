"""A disk that is full: what is lost is told, and the verdicts of the run are kept."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import sshd

TESTS = """
    import allure
    def test_big(stb): allure.attach(b"x" * 400_000, "dump", allure.attachment_type.TEXT)
    def test_right(stb): stb.remote.press("OK")
    def test_wrong(tv): assert tv.remote.press("OK") == 1
"""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """Give a folder on a disk of its own, with room for 256 KB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = [*sshd.root(), "mount", "-t", "tmpfs", "-o", "size=256k,mode=0777", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    yield folder
    subprocess.run([*sshd.root(), "umount", str(folder)], check=True)


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_full_disk_under_the_results(
    pytester: pytest.Pytester, relays: Path, small: Path, options: list[str]
) -> None:
    pytester.makepyfile(TESTS)
    (small / "old").write_bytes(bytes(240_000))

    result = pytester.runpytest_subprocess(f"--alluredir={small}", *options)

    result.assert_outcomes(passed=2, failed=1)
    assert result.ret == 1
    trouble = f"cannot write into {small}: No space left on device"
    output = str(result.stdout) + str(result.stderr)
    assert output.count(f"results are lost: {trouble}") >= 1
    result.stdout.fnmatch_lines([f"* files of the results are missing: {trouble}; the verdicts here are complete"])
    assert "INTERNALERROR" not in output
    for path in small.glob("*.json"):
        json.loads(path.read_text())  # what is there is whole


def test_disk_that_fills_up_while_lines_of_the_journal_are_written(
    pytester: pytest.Pytester, relays: Path, small: Path
) -> None:
    pytester.makepyfile(
        f"""
        import os, pytest
        from pathlib import Path
        filler = Path({str(small)!r}) / "filler"
        @pytest.mark.parametrize("number", range(9))
        def test_many(stb, number):
            if number == 2:
                with filler.open("wb", buffering=0) as file:
                    try:
                        while file.write(bytes(512)): pass
                    except OSError: pass
            if number == 6: filler.unlink()
        """
    )

    pytester.runpytest_subprocess(f"--alluredir={small}").assert_outcomes(passed=9)

    lines = (small / "virtualpytest-run.jsonl").read_text().splitlines()
    whole = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
    assert len(lines) - len(whole) <= 1  # the one that found the disk full
    assert [event["test"][-2] for event in whole if event["kind"] == "verdict"][-2:] == ["7", "8"]


def test_full_disk_of_a_host_is_a_lab_fault(
    pytester: pytest.Pytester, relays: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile("def test_box(stb): pass")
    (small / "old").write_bytes(bytes(256 * 1024))
    monkeypatch.setenv("VPT_STATE", str(small))

    result = pytester.runpytest_subprocess()

    assert result.ret == 10
    result.stdout.fnmatch_lines(["E*device 'relay1' on host 'local': *cannot be written: No space left on device*"])
