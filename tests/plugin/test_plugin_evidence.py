"""What is left of a run: Allure results with their evidence, JUnit properties, the run's journal."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RESULTS = "allure-results"


@pytest.fixture
def results(pytester: pytest.Pytester) -> Callable[..., dict[str, Any]]:
    """Give a function that runs the folder's tests and returns the results by their names."""

    def run(*options: str) -> dict[str, Any]:
        pytester.runpytest_subprocess(f"--alluredir={RESULTS}", *options)
        found = [json.loads(path.read_text()) for path in (pytester.path / RESULTS).glob("*-result.json")]
        return {result["name"]: result for result in found}

    return run


def attachments(result: dict[str, Any]) -> dict[str, Path]:
    return {item["name"]: Path(RESULTS) / item["source"] for item in result.get("attachments", ())}


def labels(result: dict[str, Any], name: str) -> list[str]:
    return [label["value"] for label in result["labels"] if label["name"] == name]


def titles(steps: list[dict[str, Any]]) -> list[str]:
    return [step["name"] for step in steps]


def events(kind: str) -> list[dict[str, Any]]:
    lines = (Path(RESULTS) / "virtualpytest-run.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["kind"] == kind]


def test_failure_keeps_what_was_seen(
    pytester: pytest.Pytester, box: Path, results: Callable[..., dict[str, Any]]
) -> None:
    import av

    pytester.makepyfile(
        """
        def test_home(stb):
            stb.remote.press("BACK")
            stb.mark("ad break")
            stb.screen.wait_for("guide-header.png", timeout=0.5)
        """
    )

    result = results()["test_home"]

    kept = attachments(result)
    assert set(kept) == {
        "annotated frame", "last frame", "clip of the seconds before", "sound level", "device log", "nearest place",
        "reference",
    }  # fmt: skip
    assert kept["reference"].read_bytes() == (pytester.path / "guide-header.png").read_bytes()
    assert result["status"] == "failed"
    assert kept["annotated frame"].read_bytes().startswith(b"\x89PNG")
    with av.open(io.BytesIO(kept["clip of the seconds before"].read_bytes())) as clip:
        assert [stream.type for stream in clip.streams] == ["video", "audio"]
        assert sum(1 for _ in clip.decode(video=0)) > 5
    log = kept["device log"].read_text().splitlines()
    assert [line.split(maxsplit=1)[1].partition(" {")[0] for line in log[:4]] == [
        "mark begin test_failure_keeps_what_was_seen.py::test_home", "remote.press", "mark ad break", "screen.wait_for",
    ]  # fmt: skip
    assert "dBFS" in kept["sound level"].read_text()


def test_result_says_where_it_ran_and_what_was_done(
    pytester: pytest.Pytester, box: Path, results: Callable[..., dict[str, Any]]
) -> None:
    pytester.makepyfile("def test_key(stb): stb.remote.press('BACK'); assert stb.screen.frame().width == 1280")

    result = results()["test_key"]

    assert result["status"] == "passed"
    assert (labels(result, "device"), labels(result, "model")) == (["pluginbox"], ["virtual-stb"])
    assert "local" in labels(result, "host")
    assert labels(result, "worker") == ["main"]
    [device] = [value for value in result["parameters"] if value["name"] == "device"]
    assert (device["value"], device["excluded"]) == ("'pluginbox'", True)
    assert titles(result["steps"]) == ["pluginbox: press BACK", "pluginbox: frame"]
    assert "attachments" not in result


def test_passed_test_keeps_evidence_where_that_is_asked_for(
    pytester: pytest.Pytester, box: Path, results: Callable[..., dict[str, Any]]
) -> None:
    pytester.makepyfile("def test_key(stb): stb.remote.press('BACK')")

    result = results("--vpt-evidence=always")["test_key"]

    assert set(attachments(result)) == {"last frame", "clip of the seconds before", "sound level", "device log"}


def test_failed_test_keeps_none_where_that_is_asked_for(
    pytester: pytest.Pytester, relays: Path, results: Callable[..., dict[str, Any]]
) -> None:
    pytester.makepyfile("def test_key(stb): assert stb.remote.press('OK') is None")

    assert "attachments" not in results("--vpt-evidence=never")["test_key"]


def test_evidence_of_several_devices_names_each(
    pytester: pytest.Pytester, relays: Path, results: Callable[..., dict[str, Any]]
) -> None:
    pytester.makeconftest(
        """
        def pytest_virtualpytest_evidence(item, device, attach):
            attach(f"note on {device.name}", "seen", "txt")
        """
    )
    pytester.makepyfile("def test_cast(stb, tv): stb.remote.press('OK'); tv.remote.press('FAIL')")

    result = results()["test_cast"]

    assert set(attachments(result)) == {
        "device log of relay1", "device log of relay2", "note on relay1", "note on relay2",
    }  # fmt: skip
    assert result["status"] == "broken"
    assert {item["name"] for item in result["parameters"]} == {"device stb", "device tv"}


def test_evidence_of_a_failed_setup_and_of_a_wider_fixture(
    pytester: pytest.Pytester, relays: Path, results: Callable[..., dict[str, Any]]
) -> None:
    pytester.makepyfile(
        """
        import pytest
        from pytest_virtualpytest import device_fixture
        my_tv = device_fixture("tv", scope="module")
        @pytest.fixture
        def tuned(stb): stb.remote.press("FAIL")
        def test_tuned(tuned): pass
        def test_wide(my_tv): my_tv.remote.press("OK"); assert 0
        """
    )

    found = results()

    assert set(attachments(found["test_tuned"])) == {"device log"}
    assert set(attachments(found["test_wide"])) == {"device log"}
    assert labels(found["test_wide"], "device") == ["relay2"]


def test_measurements_are_kept_and_held_against_their_limits(
    pytester: pytest.Pytester, relays: Path, results: Callable[..., dict[str, Any]]
) -> None:
    pytester.makepyfile(
        test_m="""
        from pytest_virtualpytest import Duration
        def test_slow(measure):
            measure("boot", 3)
            measure("level", -20.5, minimum=-30, unit="dBFS")
            measure("zap", Duration(2.51, 0.02), maximum=2.5)
        """
    )

    result = results("--junitxml=junit.xml")["test_slow"]

    assert result["status"] == "failed"
    assert result["statusDetails"]["message"] == (
        "pytest_virtualpytest.exceptions.OutOfLimits: zap: 2.51 s ± 0.02 s, at most 2.5 s; "
        "the limit lies within the error"
    )
    assert titles(result["steps"]) == [
        "measure boot: 3 s",
        "measure level: -20.5 dBFS, at least -30 dBFS",
        "measure zap: 2.51 s ± 0.02 s, at most 2.5 s; the limit lies within the error",
    ]
    properties = {item.get("name"): item.get("value") for item in ElementTree.parse("junit.xml").iter("property")}
    assert properties == {"boot": "3.0", "level": "-20.5", "zap": "2.51", "zap error": "0.02"}
    [verdict] = events("verdict")
    assert [made["name"] for made in verdict["data"]["measurements"]] == ["boot", "level", "zap"]


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_journal_tells_the_whole_run(
    pytester: pytest.Pytester, relays: Path, results: Callable[..., dict[str, Any]], options: list[str]
) -> None:
    pytester.makepyfile(
        test_j="""
        def test_box(stb): stb.remote.press('OK')
        def test_lab(tv): tv.remote.press('FAIL')
        def test_no(): assert 0
        """
    )

    results(*options)

    [begin], [plan], [end] = events("run"), events("plan"), events("end")
    assert plan["data"]["tests"] == ["test_j.py::test_box", "test_j.py::test_lab", "test_j.py::test_no"]
    assert {event["run"] for kind in ("plan", "start", "lease", "verdict", "end") for event in events(kind)} == {
        begin["run"]
    }
    assert begin["data"]["lab"] == "lab.toml"
    assert end["data"] == {"exit": 1}
    verdicts = {event["test"].rpartition("::")[2]: event["data"] for event in events("verdict")}
    assert {name: (data["outcome"], data["cause"]) for name, data in verdicts.items()} == {
        "test_box": ("passed", ""),
        "test_lab": ("failed", "lab"),
        "test_no": ("failed", "product"),
    }
    assert sorted((event["device"], event["host"]) for event in events("lease")) == [
        ("relay1", "local"), ("relay2", "local"),
    ]  # fmt: skip
    assert len(events("release")) == len(events("lease"))


def test_worker_that_dies_is_told_in_the_journal(
    pytester: pytest.Pytester, relays: Path, results: Callable[..., dict[str, Any]]
) -> None:
    pytester.makepyfile(test_j="import os\ndef test_dies(stb): os._exit(9)\ndef test_fine(stb): pass")

    found = results("-n", "1")

    assert [event["test"] for event in events("loss")] == ["test_j.py::test_dies"]
    assert found["test_fine"]["status"] == "passed"


def test_folder_says_what_the_run_was_made_on(
    pytester: pytest.Pytester, relays: Path, results: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GITHUB_ACTIONS", "JENKINS_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"GITLAB_CI": "true", "CI_PIPELINE_ID": "77", "CI_PIPELINE_URL": "https://ci.example/77"}.items():
        monkeypatch.setenv(name, value)
    pytester.makepyfile("def test_box(stb): pass")

    results()

    environment = (Path(RESULTS) / "environment.properties").read_text()
    assert "hosts=local (popen)\ndevices=relay1 (stb), relay2 (tv)\n" in environment
    executor = json.loads((Path(RESULTS) / "executor.json").read_text())
    assert (executor["type"], executor["buildName"], executor["buildUrl"]) == ("gitlab", "77", "https://ci.example/77")
    rules = json.loads((Path(RESULTS) / "categories.json").read_text())
    assert [rule["name"] for rule in rules] == ["Product defects", "Lab faults", "Test defects"]


def test_device_is_a_parameter_where_a_test_runs_on_each(
    pytester: pytest.Pytester, relays: Path, results: Callable[..., dict[str, Any]]
) -> None:
    pytester.makepyfile("def test_any(dut): pass")

    found = results("--vpt-each=device")

    assert set(found) == {"test_any[relay1]", "test_any[relay2]"}
    assert len({result["historyId"] for result in found.values()}) == 2
    assert [item["name"] for item in found["test_any[relay1]"]["parameters"]] == ["on_device"]


def test_history_is_one_whichever_device_a_test_ran_on(
    pytester: pytest.Pytester, relays: Path, results: Callable[..., dict[str, Any]]
) -> None:
    pytester.makepyfile("def test_any(dut): pass")
    first = results("--vpt-device=relay1", "--clean-alluredir")["test_any"]

    second = results("--vpt-device=relay2", "--clean-alluredir")["test_any"]

    assert labels(first, "device") != labels(second, "device")
    assert first["historyId"] == second["historyId"]


def test_table_that_was_read_is_in_the_results_and_labels_it(
    pytester: pytest.Pytester, box: Path, results: Callable[..., dict[str, Any]]
) -> None:
    pytester.makepyfile(
        """
        import pytest
        from pytest_virtualpytest import NotSeen, Text
        def test_info(stb):
            stb.remote.press("BACK")
            stb.remote.press("MENU")
            stb.remote.press("DOWN")
            stb.remote.press("DOWN")
            stb.screen.wait_for(Text("Signal: strong"))
            area = (660, 156, 560, 504)
            stb.screen.read_table(area, labels={"network": "connected", "signal": "Signal"})
            with pytest.raises(NotSeen, match="'firmware': no row 'Version' was read; there are Connected, Signal"):
                stb.screen.read_table(area, labels={"firmware": "Version"})
        """
    )

    result = results()["test_info"]

    assert result["status"] == "passed", result
    assert (labels(result, "network"), labels(result, "signal")) == (["Home network"], ["strong"])
    step = next(step for step in result["steps"] if step["name"].endswith("read table"))
    table = json.loads((Path(RESULTS) / step["attachments"][0]["source"]).read_text())
    assert table == {"Connected": "Home network", "Signal": "strong"}
