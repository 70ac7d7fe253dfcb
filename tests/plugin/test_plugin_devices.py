"""Devices as fixtures: leased for a test, given back after it, whatever happens."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from beside import running
from until import until

from pytest_virtualpytest import config
from pytest_virtualpytest.exceptions import LeaseError
from pytest_virtualpytest.gateway import Gateway, Gateways


@pytest.fixture
def rival(relays: Path) -> Iterator[Gateway]:
    """Give another client of the lab."""
    lab = config.load([relays])
    with contextlib.closing(Gateways(lab.hosts)) as gateways:
        gateway = gateways.of("local")
        for device in lab.devices.values():
            gateway.attach(device.spec())
        yield gateway


def free(gateway: Gateway, device: str) -> bool:
    try:
        gateway.lease(device, {"user": "rival"})
    except LeaseError:
        return False
    gateway.release(device)
    return True


def test_device_is_leased_for_its_test_and_given_back(pytester: pytest.Pytester, relays: Path, diary: Path) -> None:
    pytester.makepyfile(
        """
        def test_one(stb, lab):
            stb.remote.press("OK")
            assert (stb.name, stb.kind, stb.model, stb.host) == ("relay1", "stb", "r1", "local")
        def test_two(stb): stb.remote.press("BACK")
        """
    )

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(passed=2)
    assert [line for line in diary.read_text().splitlines() if "press" in line] == ["press OK", "press BACK"]


def test_two_kinds_are_leased_together(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        """
        def test_cast(stb, tv):
            stb.remote.press("OK")
            assert tv.power.status() is True
            assert (stb.name, tv.name) == ("relay1", "relay2")
        """
    )

    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_roles_name_two_devices(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.devices(left={"tags": ["near"]}, right={})
        def test_pair(devices):
            assert (devices.left.name, devices["right"].name, len(devices)) == ("relay1", "relay2", 2)
            with pytest.raises(AttributeError, match="no role 'middle'; this test has left, right"):
                devices.middle
        """
    )

    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_wider_fixture_keeps_its_device_until_its_scope_ends(
    pytester: pytest.Pytester, relays: Path, diary: Path
) -> None:
    pytester.makepyfile(
        test_a="""
        import pytest
        from pytest_virtualpytest import LeaseError, device_fixture
        my_tv = device_fixture("tv", scope="module")
        def test_one(my_tv): my_tv.remote.press("ONE")
        def test_two(my_tv): my_tv.remote.press("TWO")
        def test_same(my_tv, lab):
            with pytest.raises(LeaseError, match="relay2 is held by this test process itself, in a wider scope"):
                with lab.lease(kind="tv"): pass
        """,
        test_b="def test_three(tv): tv.remote.press('THREE')",
    )

    pytester.runpytest_subprocess().assert_outcomes(passed=4)


def test_lab_leases_for_fixtures_of_ones_own(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        """
        import pytest
        @pytest.fixture(scope="module")
        def box(lab):
            with lab.lease(kind="stb", needs=["power"]) as box:
                yield box
        def test_box(box): box.remote.press("OK")
        """
    )

    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_device_asked_for_while_the_test_runs(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile('def test_late(request): request.getfixturevalue("stb").remote.press("OK")')

    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_given_back_device_takes_no_more_calls(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        """
        import pytest
        from pytest_virtualpytest import LeaseError
        kept = []
        def test_one(stb): kept.append(stb)
        def test_two(tv):
            with pytest.raises(LeaseError, match="it is not leased"):
                kept[0].remote.press("OK")
        """
    )

    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_missing_capability_says_what_to_add(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile("def test_box(stb): stb.screen.frame()")

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">*stb.screen.frame()",
            "E*CapabilityMissing: device 'relay1' on host 'local' has no 'screen', only power, remote: "
            'add needs=[[]"screen"] to the test*',
        ]
    )


def test_busy_device_is_waited_for_with_one_line(
    pytester: pytest.Pytester, relays: Path, rival: Gateway, diary: Path
) -> None:
    pytester.makepyfile("def test_box(stb): stb.remote.press('OK')")
    rival.lease("relay1", {"user": "ben", "run": "4f6b77", "test": "test_zap"})
    with running() as process:
        assert process.stdout is not None
        waiting = next(line for line in process.stdout if "waiting" in line)
        pressed = diary.read_text()

        rival.release("relay1")
        rest = process.stdout.read()

    assert waiting == "waiting for stb (held by ben, run 4f6b, test_zap)\n"
    assert "press" not in pressed
    assert "1 passed" in rest
    assert "waiting" not in rest


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_interrupted_run_leaves_nothing_locked(
    pytester: pytest.Pytester, relays: Path, rival: Gateway, options: list[str]
) -> None:
    pytester.makepyfile("import time\ndef test_box(stb, tv): time.sleep(60)")
    with running(*options) as process:
        until(lambda: not free(rival, "relay1"))

        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        process.wait(30)

    until(lambda: free(rival, "relay1") and free(rival, "relay2"))


def test_killed_run_leaves_nothing_locked(pytester: pytest.Pytester, relays: Path, rival: Gateway) -> None:
    pytester.makepyfile("import time\ndef test_box(stb, tv): time.sleep(60)")
    with running() as process:
        until(lambda: not free(rival, "relay1"))

        process.send_signal(signal.SIGKILL)
        until(lambda: free(rival, "relay1") and free(rival, "relay2"), 0.5)


def test_debugger_keeps_the_lease(pytester: pytest.Pytester, relays: Path, rival: Gateway) -> None:
    pytester.makepyfile("def test_box(stb): assert stb.remote.press('OK') is None")
    with running("--pdb") as process:
        assert process.stdin is not None
        until(lambda: not free(rival, "relay1"))

        process.stdin.write("stb.remote.press('BACK').key + '!'\nq\n")
        process.stdin.flush()
        out = process.communicate(timeout=30)[0]

    assert "'BACK!'" in out
    assert free(rival, "relay1")


@pytest.mark.parametrize("options", [[], ["-n", "1"]], ids=["alone", "xdist"])
def test_lab_faults_alone_are_exit_code_10(pytester: pytest.Pytester, relays: Path, options: list[str]) -> None:
    pytester.makepyfile("def test_box(stb): stb.remote.press('FAIL')\ndef test_fine(): pass")

    result = pytester.runpytest_subprocess(*options)

    assert result.ret == 10
    result.stdout.fnmatch_lines(["1 lab fault, not the product; nothing else failed: exit code 10"])


def test_lab_fault_beside_a_failure_is_exit_code_1(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile("def test_box(stb): stb.remote.press('CRASH')\ndef test_wrong(): assert 0")

    result = pytester.runpytest_subprocess()

    assert result.ret == 1
    result.stdout.fnmatch_lines(["1 lab fault, not the product"])


def test_error_of_the_host_is_a_note_under_the_line_of_the_test(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile("def test_box(stb):\n    stb.remote.press('FAIL')")

    result = pytester.runpytest_subprocess()

    result.stdout.fnmatch_lines(
        [
            ">*stb.remote.press('FAIL')",
            "E*DeviceError: device 'relay1' on host 'local': ValueError: no signal on HDMI 1",
            "E       on the host:",
            'E*raise ValueError("no signal on HDMI 1")',
            "test_error_of_the_host_is_a_note_under_the_line_of_the_test.py:2: DeviceError",
        ]
    )


def test_only_the_named_device_is_used(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile("def test_any(dut): assert dut.name == 'relay2'")

    pytester.runpytest_subprocess("--vpt-device", "relay2").assert_outcomes(passed=1)


def test_hook_prepares_each_device(pytester: pytest.Pytester, relays: Path, diary: Path) -> None:
    pytester.makeconftest("def pytest_virtualpytest_ready(item, device): device.remote.press(item.name)")
    pytester.makepyfile("def test_box(stb): stb.remote.press('OK')")

    pytester.runpytest_subprocess().assert_outcomes(passed=1)

    assert diary.read_text().split("\n")[1:3] == ["press test_box", "press OK"]
