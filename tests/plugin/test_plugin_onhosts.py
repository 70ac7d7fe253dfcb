"""Workers on the hosts of the lab: what they use, what they are sent, what comes home, and what is lost with them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from allured import results
from bench import SshHost, ended

RACK = """
[hosts.{host}]
{lines}
[devices.{device}]
kind = "stb"
host = "{host}"
[devices.{device}.rack]
name = "{device}-{unique}"
"""


def rack(host: str, device: str, **lines: str | None) -> str:
    """Return the part of a lab file that has *host*, with one device."""
    text = "\n".join(f"{name} = {json.dumps(value)}" for name, value in lines.items() if value)
    return RACK.format(host=host, device=device, lines=text, unique=Path.cwd().name)


def behind_ssh(server: SshHost) -> str:
    host = server.host
    return rack("rack2", "far", gateway=host.gateway, python=host.python, ssh_config=host.ssh_config)


def journal(kind: str, folder: str = "ar") -> list[dict[str, Any]]:
    lines = Path(folder, "virtualpytest-run.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["kind"] == kind]


@pytest.fixture
def two_hosts(pytester: pytest.Pytester, ssh_host: SshHost) -> Path:
    """Work in a folder whose lab has this machine and one behind ssh, a device on each."""
    lab = pytester.path / "lab.toml"
    lab.write_text(rack("rack1", "near") + behind_ssh(ssh_host))
    return lab


@pytest.fixture
def one_host(pytester: pytest.Pytester) -> Path:
    """Work in a folder whose lab has this machine as a host, with one device."""
    lab = pytester.path / "lab.toml"
    lab.write_text(rack("rack1", "near"))
    return lab


def test_each_worker_drives_its_own_host_and_all_it_reports_comes_home(
    pytester: pytest.Pytester, two_hosts: Path
) -> None:
    pytester.makepyfile(
        """
        import allure, pytest
        @pytest.mark.device(name="far")
        def test_far(dut): keep(dut)
        @pytest.mark.device(name="near")
        def test_near(dut): keep(dut)
        def keep(dut):
            dut.remote.press("OK")
            host = dut.link.gateway._host
            assert (host.gateway, host.python) == ("popen", None)
            allure.attach(bytes(3_000_000) + dut.name.encode(), "film")
        """
    )

    result = pytester.runpytest_subprocess("--vpt-on-hosts", "--alluredir=ar", "-v")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["2 workers [[]2 items]"])
    for name, host in (("near", "rack1"), ("far", "rack2")):
        found = results()[f"test_{name}"]
        assert {"name": "host", "value": host} in found["labels"]
        [kept] = [Path("ar") / item["source"] for item in found["attachments"] if item["name"] == "film"]
        assert kept.read_bytes() == bytes(3_000_000) + name.encode()
    assert not list(Path("ar").glob("*.tmp"))
    assert {(event["device"], event["host"]) for event in journal("lease")} == {("near", "rack1"), ("far", "rack2")}
    assert len(journal("verdict")) == 2
    assert journal("end")


def test_paths_and_expressions_mean_what_they_mean_here(pytester: pytest.Pytester, one_host: Path) -> None:
    pytester.mkdir("tests")
    pytester.mkdir("other")
    (pytester.path / "pages.py").write_text("GUIDE = 'GUIDE'")
    (pytester.path / "conftest.py").write_text("import sys\nfrom pages import GUIDE")
    (pytester.path / "tests" / "test_box.py").write_text(
        "from pages import GUIDE\n"
        "def test_one(stb): stb.remote.press(GUIDE)\n"
        "def test_two(stb): pass\n"
        "class TestThree:\n    def test_other(self, stb): pass\n"
    )
    os.chdir("other")

    result = pytester.runpytest_subprocess(
        "--vpt-on-hosts", "-v", "-k", "one or other",
        "../tests/test_box.py::test_one", f"{pytester.path}/tests/test_box.py::TestThree",
    )  # fmt: skip

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*PASSED ../tests/test_box.py::TestThree::test_other*"])


def test_lab_file_elsewhere_its_secrets_and_its_campaign_reach_the_host(
    pytester: pytest.Pytester, ssh_host: SshHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    diary = ssh_host.state / "diary"
    monkeypatch.setenv("DIARY", str(diary))
    lab = pytester.mkdir("labs") / "farm.toml"
    lab.write_text(
        behind_ssh(ssh_host)
        + 'diary = { env = "DIARY" }\n[campaigns.nightly]\nkeyword = "zap"\nenvironment = { CHANNEL = "7" }\n'
    )
    pytester.makepyfile("import os\ndef test_zap(stb): stb.remote.press(os.environ['CHANNEL'])\ndef test_x(): pass")
    pytester.mkdir("suite")
    (pytester.path / "test_lab_file_elsewhere_its_secrets_and_its_campaign_reach_the_host.py").rename("suite/test_a.py")
    (pytester.path / "suite" / "pytest.ini").write_text("[pytest]")
    os.chdir("suite")

    result = pytester.runpytest_subprocess("--vpt-on-hosts", "--vpt-lab=../labs/farm.toml", "--vpt-campaign=nightly")

    result.assert_outcomes(passed=1)
    assert "press 7" in diary.read_text().splitlines()


def test_last_failed_runs_alone(pytester: pytest.Pytester, one_host: Path) -> None:
    pytester.makepyfile("def test_good(stb): pass\ndef test_bad(stb): assert 0")
    pytester.runpytest_subprocess().assert_outcomes(passed=1, failed=1)

    pytester.runpytest_subprocess("--vpt-on-hosts", "--lf").assert_outcomes(failed=1)


def test_worker_that_dies_is_replaced_and_its_test_reported_with_its_steps(
    pytester: pytest.Pytester, two_hosts: Path
) -> None:
    pytester.makepyfile(
        """
        import os, pytest
        @pytest.mark.device(name="far")
        def test_dies(dut):
            dut.remote.press("OK")
            os.kill(os.getpid(), 9)
        @pytest.mark.device(name="far")
        def test_next(dut): dut.remote.press("OK")
        def test_near(dut): pass
        """
    )

    result = pytester.runpytest_subprocess("--vpt-on-hosts", "--alluredir=ar")

    result.assert_outcomes(passed=2, failed=1)
    message = "worker 'gw?' crashed while running '*::test_dies' on far (host rack2)"
    result.stdout.fnmatch_lines([message])
    found = results()
    assert found["test_dies"]["status"] == "broken"
    assert [step["name"] for step in found["test_dies"]["steps"]] == ["far: press OK"]
    assert set(found) == {"test_dies", "test_next", "test_near"}


def test_tests_of_a_host_that_is_lost_on_the_way_go_elsewhere(pytester: pytest.Pytester, one_host: Path) -> None:
    python = pytester.path / "python-of-rack0"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    with one_host.open("a") as lab:
        lab.write(rack("rack0", "doomed", python=str(python)))
    pytester.makepyfile(
        f"""
        import os, pathlib, pytest
        @pytest.mark.device(name="doomed")
        def test_doom(dut):
            pathlib.Path({str(python)!r}).unlink()
            os.kill(os.getpid(), 9)
        @pytest.mark.parametrize("n", range(3))
        def test_any(dut, n): pass
        @pytest.mark.device(name="doomed")
        def test_gone(dut): pass
        """
    )

    result = pytester.runpytest_subprocess("--vpt-on-hosts")

    result.assert_outcomes(passed=3, failed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["doomed is quarantined for this run: host 'rack0': cannot run *", "E*DeviceError: doomed: doomed is quar*"]
    )


def test_host_that_cannot_be_reached_costs_its_devices_only(pytester: pytest.Pytester, one_host: Path) -> None:
    with one_host.open("a") as lab:
        lab.write(rack("rack0", "gone", python="/nowhere/python"))
    pytester.makepyfile("def test_any(dut): assert dut.name == 'near'\n")

    result = pytester.runpytest_subprocess("--vpt-on-hosts")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["gone is quarantined for this run: host 'rack0': cannot run '/nowhere/python'*"])


def test_silent_worker_is_ended_on_its_host(pytester: pytest.Pytester, ssh_host: SshHost) -> None:
    (pytester.path / "lab.toml").write_text(behind_ssh(ssh_host))
    number = ssh_host.state / "stopped"
    pytester.makepyfile(
        f"""
        import os, pathlib, signal
        def test_stops(stb):
            pathlib.Path({str(number)!r}).write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGSTOP)
        def test_next(stb): stb.remote.press("OK")
        """
    )

    result = pytester.runpytest_subprocess("--vpt-on-hosts", timeout=90)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["worker 'gw0' was ended: nothing was heard from it for 12 s while running *"])
    assert ended(int(number.read_text()))


def test_what_a_host_lacks_is_named_with_the_host(pytester: pytest.Pytester, one_host: Path) -> None:
    one_host.write_text(rack("rack1", "near", python=f"{sys.executable} -I -S"))
    pytester.makepyfile("def test_any(dut): pass")

    result = pytester.runpytest_subprocess("--vpt-on-hosts")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: host 'rack1': {sys.executable} -I -S has no virtualpytest; a worker there needs the same: pip *"]
    )


def test_plugin_that_only_this_machine_has_is_told_once(
    pytester: pytest.Pytester, one_host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = pytester.mkdir("elsewhere")
    (plugin / "mine.py").write_text("def pytest_addoption(parser): parser.addoption('--mine')")
    pytester.makepyfile("def test_any(dut): pass")
    pytester.makeini("[pytest]\nnorecursedirs = elsewhere")
    monkeypatch.setenv("PYTHONPATH", str(plugin), prepend=os.pathsep)
    text = rack("rack1", "near", python=f"env -u PYTHONPATH {sys.executable}")
    one_host.write_text(text.partition("[devices.near.rack]")[0])

    result = pytester.runpytest_subprocess("--vpt-on-hosts", "-p", "mine", "--mine", "yes")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*host 'rack1': its worker could not begin: *mine*"])
    result.stdout.no_fnmatch_line("*replacing crashed worker*")


def test_test_of_devices_on_two_hosts_is_refused(pytester: pytest.Pytester, one_host: Path) -> None:
    with one_host.open("a") as lab:
        lab.write(rack("rack0", "other"))
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.devices(left={"name": "near"}, right={"name": "other"})
        def test_both(devices): pass
        """
    )

    result = pytester.runpytest_subprocess("--vpt-on-hosts")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(
        ["ERROR: *::test_both: needs near and other; lab.toml has them on different hosts, where --vpt-on-hosts *"]
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["-n", "1"],
            "*with 1 workers: 2 devices on 2 hosts: rack1, rack0; each host needs a worker, *",
        ),
        (["--tx", "popen"], "*chooses the workers and how tests are spread: leave --tx, --dist and -d out"),
        (["-p", "no:xdist"], "*needs pytest-xdist: do not switch it off with `-p no:xdist`"),
    ],
)
def test_contradiction_is_told_before_anything_begins(
    pytester: pytest.Pytester, one_host: Path, options: list[str], message: str
) -> None:
    with one_host.open("a") as lab:
        lab.write(rack("rack0", "other"))
    pytester.makepyfile("def test_any(dut): pass")

    result = pytester.runpytest_subprocess("--vpt-on-hosts", *options)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])


def test_more_than_a_host_should_be_sent_is_told_with_the_largest(pytester: pytest.Pytester, one_host: Path) -> None:
    with Path("film.ts").open("wb") as film:
        film.truncate(65 << 20)
    pytester.makepyfile("def test_any(dut): pass")

    result = pytester.runpytest_subprocess("--vpt-on-hosts")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --vpt-on-hosts: * the largest: film.ts (68 MB), *norecursedirs"])
