"""A device's network in tests: what they make of its link ends with them, however they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import netns
import pytest
from netns import Link
from until import until

LAB = """
[devices.box]
kind = "stb"
[devices.box.network]
interface = "{link.interface}"
namespace = "{link.host}"
timeout = 2.0
"""


@pytest.fixture
def link(pytester: pytest.Pytester) -> Iterator[Link]:
    """Work in a folder whose lab has a box behind a link."""
    netns.needed("ping", "tcpdump")
    with netns.link() as link:
        (pytester.path / "lab.toml").write_text(LAB.format(link=link))
        yield link


def test_link_is_bad_within_a_block_and_as_before_after_it(pytester: pytest.Pytester, link: Link) -> None:
    pytester.makepyfile(
        """
        def test_late(stb):
            quick = stb.network.ping("10.77.0.2")
            with stb.network.impaired(latency="50 ms"):
                late = stb.network.ping("10.77.0.2")
                with stb.network.outage():
                    lost = stb.network.ping("10.77.0.2", count=2)
                late_again = stb.network.ping("10.77.0.2")
            after = stb.network.ping("10.77.0.2")

            assert (quick.loss, late.loss, lost.loss, after.loss) == (0, 0, 1, 0)
            assert min(late.minimum, late_again.minimum) >= 0.1
            assert max(quick.minimum, after.minimum) < 0.1
        """
    )

    done = pytester.runpytest_subprocess("--alluredir=results")

    done.assert_outcomes(passed=1)
    [result] = [json.loads(path.read_text()) for path in (pytester.path / "results").glob("*-result.json")]
    assert [step["name"] for step in result["steps"]] == [
        "box: ping 10.77.0.2", "box: impaired: 50 ms", "box: ping 10.77.0.2",
    ]  # fmt: skip
    assert [step["name"] for step in result["steps"][1]["steps"]] == [
        "box: ping 10.77.0.2", "box: impaired: outage", "box: ping 10.77.0.2",
    ]  # fmt: skip
    assert link.untouched()


@pytest.mark.parametrize("ending", ["pass", "assert 0", "raise KeyboardInterrupt"])
def test_link_is_bad_for_the_rest_of_a_test_and_no_longer(pytester: pytest.Pytester, link: Link, ending: str) -> None:
    pytester.makepyfile(f"def test_bad(stb): stb.network.impair(bandwidth='1 Mbit/s'); {ending}")

    pytester.runpytest_subprocess()

    until(link.untouched)


def test_device_that_is_kept_is_as_before_in_the_next_test(pytester: pytest.Pytester, link: Link) -> None:
    pytester.makepyfile(
        """
        import pytest
        from pytest_virtualpytest import device_fixture
        box = device_fixture("stb", scope="module")

        @pytest.fixture(scope="module")
        def late(box):
            with box.network.impaired(latency=0.02):
                yield

        def test_first(box, late):
            box.network.impair(latency=0.1)
            assert box.network.ping("10.77.0.2", count=2).minimum >= 0.2

        def test_second(box, late):
            assert 0.04 <= box.network.ping("10.77.0.2").minimum < 0.2
        """
    )

    done = pytester.runpytest_subprocess()

    done.assert_outcomes(passed=2)
    assert link.untouched()


@pytest.mark.parametrize("victim", ["the run", "the agent", "the device's process"])
def test_link_is_as_before_when_a_test_dies(pytester: pytest.Pytester, link: Link, victim: str) -> None:
    pytester.makepyfile(
        """
        import threading
        from pathlib import Path

        def test_bad(stb):
            stb.network.impair(latency=0.05)
            Path("the agent").write_text(str(stb.link.gateway.facts["pid"]))
            Path("the device's process").write_text(str(stb.link.call("describe").value["pid"]))
            Path("bad").touch()
            threading.Event().wait()
        """
    )
    run = subprocess.Popen([sys.executable, "-m", "pytest", "-q"], cwd=pytester.path)
    try:
        until((pytester.path / "bad").exists, 60)
        assert not link.untouched()
        own = run.pid if victim == "the run" else int((pytester.path / victim).read_text())
        os.kill(own, signal.SIGKILL)

        until(link.untouched)
    finally:
        run.kill()
        run.wait()


def pcaps(pytester: pytest.Pytester, *options: str) -> dict[str, list[tuple[str, int]]]:
    """Run the tests; return the name, and the echoes in it, of each piece of traffic that is kept of each test."""
    pytester.runpytest_subprocess("--alluredir=results", *options)
    found: dict[str, list[tuple[str, int]]] = {}
    for path in (pytester.path / "results").glob("*-result.json"):
        result = json.loads(path.read_text())
        pieces = [piece for step in [result, *result.get("steps", [])] for piece in step.get("attachments", [])]
        kept = [piece for piece in pieces if piece["source"].endswith(".pcap")]
        assert {piece["type"] for piece in kept} <= {"application/vnd.tcpdump.pcap"}
        found[result["name"]] = [(piece["name"], echoes(pytester.path / "results" / piece["source"])) for piece in kept]
    return found


def echoes(path: Path) -> int:
    return netns.said("tcpdump", "-n", "-r", str(path), "icmp").count("ICMP echo")


def test_traffic_of_a_failed_test_is_kept_and_no_other(pytester: pytest.Pytester, link: Link) -> None:
    pytester.makepyfile(
        """
        def test_fine(stb): stb.network.ping("10.77.0.2", count=5)
        def test_wrong(stb): assert stb.network.ping("10.77.0.2", count=2).loss
        def test_quiet(stb): assert not stb.name
        """
    )

    assert pcaps(pytester) == {"test_fine": [], "test_wrong": [("traffic", 4)], "test_quiet": [("traffic", 0)]}
    assert link.untouched()


@pytest.mark.parametrize(("options", "lab"), [(["--vpt-evidence=never"], ""), ([], "record = 0")])
def test_traffic_is_not_kept_where_it_is_not_to_be(
    pytester: pytest.Pytester, link: Link, options: list[str], lab: str
) -> None:
    with (pytester.path / "lab.toml").open("a") as file:
        file.write(lab)
    pytester.makepyfile("def test_wrong(stb): assert stb.network.ping('10.77.0.2').loss")

    assert pcaps(pytester, *options) == {"test_wrong": []}


def test_capture_is_kept_under_its_name(pytester: pytest.Pytester, link: Link) -> None:
    pytester.makepyfile(
        """
        def test_capture(stb):
            stb.network.ping("10.77.0.2", count=2)
            with stb.network.capture("answers", only="icmp and src 10.77.0.2") as capture:
                stb.network.ping("10.77.0.2", count=3)
            assert capture.packets == 3
            assert capture.save("own.pcap").read_bytes() == capture.traffic.pcap
        """
    )

    assert pcaps(pytester) == {"test_capture": [("answers", 3)]}
    assert echoes(pytester.path / "own.pcap") == 3


def test_filter_that_is_none_is_told_before_the_block_runs(pytester: pytest.Pytester, link: Link) -> None:
    pytester.makepyfile("def test_bad(stb):\n with stb.network.capture(only='prot 53'): print('was in it')")

    done = pytester.runpytest_subprocess()

    done.stdout.fnmatch_lines(["E*DeviceError: device 'box' on host 'local': filter 'prot 53': *; see pcap-filter(7)"])
    done.stdout.no_fnmatch_line("*was in it")


def test_quantity_that_is_none_is_the_tests_own_fault(pytester: pytest.Pytester, link: Link) -> None:
    pytester.makepyfile("def test_bad(stb): stb.network.impair(bandwidth='2 mbps')")

    done = pytester.runpytest_subprocess()

    done.stdout.fnmatch_lines(["E*.VirtualPytestError: bandwidth '2 mbps' is none; *"])
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert link.untouched()
