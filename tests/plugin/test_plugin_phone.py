"""What is left of a test with a phone: what the phone is, its steps, its own log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

TEST = """
def test_note(mobile):
    mobile.apps.launch("com.virtual.notes")
    mobile.remote.type("milk")
    mobile.shell.run(["log", "-t", "Mine", "it's $(here)"])
    mobile.ui.wait_for(text="eggs", timeout=0.1)
"""


def test_failure_keeps_the_phones_own_log_and_says_what_it_is(pytester: pytest.Pytester) -> None:
    (pytester.path / "lab.toml").write_text('[devices.pluginphone]\nvirtual = "phone"\n')
    pytester.makepyfile(TEST)

    pytester.runpytest_subprocess("--alluredir=results")

    [path] = Path("results").glob("*-result.json")
    result = json.loads(path.read_text())
    labels = {label["name"]: label["value"] for label in result["labels"]}
    kept = {item["name"]: Path("results") / item["source"] for item in result["attachments"]}
    assert labels.items() >= {"model": "Virtual Phone", "firmware": "V1.0", "resolution": "720x1280"}.items()
    assert [step["name"] for step in result["steps"]] == [
        "pluginphone: launch com.virtual.notes", "pluginphone: type", "pluginphone: run log -t Mine it's $(here)",
        "pluginphone: wait for element text='eggs'",
    ]  # fmt: skip
    assert "Mine: it's $(here)" in kept["device's own log"].read_text()
    assert kept["last frame"].read_bytes().startswith(b"\x89PNG")
    assert "nearest:" in result["statusDetails"]["message"]
