"""What is said at collection, before any device is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

SILENT = """
import sys

def refuse(event, args):
    if event in ("socket.connect", "socket.bind", "subprocess.Popen", "os.posix_spawn"):
        raise RuntimeError(f"{event} {args}")

sys.addaudithook(refuse)
"""


def errors(result: pytest.RunResult) -> list[str]:
    return [line.removeprefix("ERROR: ") for line in result.outlines + result.errlines if line.startswith("ERROR: ")]


def test_header_says_which_lab_serves(pytester: pytest.Pytester, relays: Path) -> None:
    result = pytester.runpytest_inprocess()

    result.stdout.fnmatch_lines(["virtualpytest: lab.toml; hosts: local; devices: relay1 (stb), relay2 (tv)"])


def test_header_says_that_there_is_no_lab_file(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess()

    line = "virtualpytest: the built-in virtual lab (no lab.toml); hosts: local; devices: stb1 (stb), stb2 (stb), "
    result.stdout.fnmatch_lines([f"{line}phone1 (mobile)*"])


def test_collect_only_says_which_devices_qualify_and_opens_nothing(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makeconftest(SILENT)
    pytester.makepyfile(
        test_zap="""
        import pytest
        def test_one(stb): pass
        def test_two(stb, tv): pass
        @pytest.mark.devices(left={"kind": "stb"}, right={})
        def test_roles(devices): pass
        def test_none(): pass
        def test_any(dut): pass
        """
    )

    result = pytester.runpytest_subprocess("--collect-only", "-q", "-p", "no:rerunfailures")

    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "test_zap.py::test_one: stb: relay1",
            "test_zap.py::test_two: stb: relay1; tv: relay2",
            "test_zap.py::test_roles: left: relay1; right: relay1, relay2",
            "test_zap.py::test_any: dut: relay1, relay2",
        ]
    )
    result.stdout.no_fnmatch_line("*test_none:*")


def test_test_that_no_device_serves_ends_the_run_before_it_begins(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        test_all="""
        import pytest
        def test_phone(mobile): pass
        @pytest.mark.device(tags=["uhd"], needs=["network"])
        def test_uhd(stb): pass
        @pytest.mark.devices(a={"kind": "tv"}, b={"kind": "tv"})
        def test_pair(devices): pass
        def test_fine(stb): raise AssertionError("must not run")
        """
    )

    result = pytester.runpytest_inprocess()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    has = "lab.toml has relay1 (stb), relay2 (tv)"
    assert errors(result) == [
        f"test_all.py::test_phone: needs mobile; {has}",
        f"test_all.py::test_uhd: needs stb tagged uhd with network; {has}",
        f"test_all.py::test_pair: needs tv and tv; {has}",
    ]


def test_unavailable_tests_are_skipped_where_that_is_asked_for(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile("def test_phone(mobile): pass\ndef test_box(stb): stb.remote.press('OK')")

    result = pytester.runpytest_subprocess("--vpt-unavailable=skip", "-rs")

    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*needs mobile; lab.toml has relay1 (stb), relay2 (tv)"])


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "@pytest.mark.device(tag='x')\ndef test_it(stb): pass",
            "marker `device`: unknown 'tag'; did you mean 'tags'?",
        ),
        (
            "@pytest.mark.device(needs=['remot'])\ndef test_it(stb): pass",
            "marker `device`: unknown capability 'remot'; did you mean 'remote'?",
        ),
        ("@pytest.mark.device('stb')\ndef test_it(stb): pass", "marker `device` takes keywords only, not 'stb'"),
        (
            "@pytest.mark.device(kind='tv')\ndef test_it(stb): pass",
            "marker `device`: kind 'tv' contradicts fixture 'stb'; `dut` is any kind",
        ),
        (
            "from pytest_virtualpytest import device_fixture\nmine = device_fixture('stb', scope='module')\n"
            "@pytest.mark.device(tags=['near'])\ndef test_it(mine): pass",
            "marker `device` has no device of this test to narrow; a wider fixture is narrowed where it is made",
        ),
        (
            "@pytest.mark.device(tags=['x'])\ndef test_it(): pass",
            "marker `device` has no device of this test to narrow",
        ),
        (
            "@pytest.mark.devices(a={})\ndef test_it(stb): pass",
            "fixture 'stb' and the `devices` marker; use one of them",
        ),
        (
            "def test_it(devices): pass",
            "fixture 'devices' needs the marker, such as devices(left={'kind': 'stb'})",
        ),
        (
            "@pytest.mark.devices(a='stb')\ndef test_it(devices): pass",
            "role 'a' must be a table such as {'kind': 'stb'}, not 'stb'",
        ),
    ],
)
def test_marker_that_cannot_be_understood(
    pytester: pytest.Pytester, relays: Path, code: str, message: str
) -> None:
    pytester.makepyfile(test_marks=f"import pytest\n{code}")

    result = pytester.runpytest_inprocess()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert errors(result) == [f"test_marks.py::test_it: {message}"]


def test_marker_nearest_to_the_test_wins_word_by_word(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        test_marks="""
        import pytest
        pytestmark = pytest.mark.device(name="relay2", needs=["power"])

        @pytest.mark.device(name="relay1")
        def test_near(dut): pass
        def test_far(dut): pass
        """
    )

    result = pytester.runpytest_inprocess("--collect-only", "-q")

    result.stdout.fnmatch_lines(["*::test_near: dut: relay1", "*::test_far: dut: relay2"])


def test_device_fixture_of_a_wider_scope_is_known_at_collection(pytester: pytest.Pytester, relays: Path) -> None:
    pytester.makepyfile(
        test_wide="""
        from pytest_virtualpytest import device_fixture
        my_tv = device_fixture("tv", scope="module", model="r2")
        def test_wide(my_tv): pass
        """
    )

    result = pytester.runpytest_inprocess("--collect-only", "-q")

    result.stdout.fnmatch_lines(["test_wide.py::test_wide: my_tv: relay2"])


def test_errors_of_the_lab_file_are_all_told_at_once(pytester: pytest.Pytester) -> None:
    (pytester.path / "lab.toml").write_text('[devices.a]\nkin = "stb"\n[devices.b]\nkind = "tv"\nhost = "rack9"\n')
    pytester.makepyfile("def test_nothing(): pass")

    result = pytester.runpytest_inprocess()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert errors(result) == [
        "lab.toml: devices.a.kind: is missing: stb, tv, mobile, desktop, or a word of your own",
        "lab.toml: devices.a.kin: unknown key; did you mean 'kind'?",
        "lab.toml: devices.b.host: no host 'rack9'; known: local",
    ]


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_what_is_refused_is_told_by_xdist_too(pytester: pytest.Pytester, relays: Path, options: list[str]) -> None:
    pytester.makepyfile(test_all="def test_phone(mobile): pass\ndef test_fine(stb): assert 0, 'must not run'")

    result = pytester.runpytest_subprocess(*options)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert errors(result) == ["test_all.py::test_phone: needs mobile; lab.toml has relay1 (stb), relay2 (tv)"]


def test_unknown_device_of_the_option_names_the_nearest(pytester: pytest.Pytester, relays: Path) -> None:
    result = pytester.runpytest_inprocess("--vpt-device", "relay3")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert errors(result) == ["lab.toml: no device 'relay3'; did you mean 'relay2'?"]


def test_missing_lab_file_is_an_error(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("--vpt-lab", "nowhere.toml")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert errors(result) == ["nowhere.toml: cannot be read: No such file or directory"]


@pytest.mark.parametrize(
    ("each", "names"), [("device", ["relay1", "relay2", "relay3"]), ("model", ["relay1", "relay2"])]
)
def test_each_repeats_a_test_for_each_device_or_model(
    pytester: pytest.Pytester, relays: Path, each: str, names: list[str]
) -> None:
    with relays.open("a") as lab:
        lab.write('[devices.relay3]\nkind = "stb"\nmodel = "r1"\n[devices.relay3.rack]\nname = "third"\n')
    pytester.makepyfile(test_zap="def test_any(dut): pass\ndef test_pair(stb, tv): pass\ndef test_none(): pass")

    result = pytester.runpytest_inprocess("--collect-only", "-q", f"--vpt-each={each}")

    assert [line for line in result.outlines if "::test_any[" in line and ": dut" in line] == [
        f"test_zap.py::test_any[{name}]: dut: {name}" for name in names
    ]
    result.stdout.fnmatch_lines(["test_zap.py::test_pair", "test_zap.py::test_none"])


def test_plugin_can_be_named_where_autoload_is_off(
    pytester: pytest.Pytester, relays: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile("def test_box(stb): stb.remote.press('OK')")

    result = pytester.runpytest_subprocess("-p", "virtualpytest")

    result.assert_outcomes(passed=1)


def test_tests_without_devices_import_nothing_slow(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        """
        import sys
        def test_nothing():
            slow = {"execnet", "pydantic", "numpy", "cv2", "av", "starlette", "httpx"} & set(sys.modules)
            assert not slow
        """
    )

    result = pytester.runpytest_subprocess("-p", "virtualpytest")

    result.assert_outcomes(passed=1)
