"""``--vpt-quarantine``: known failures run, and do not fail the run."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

TESTS = """
    import pytest

    def test_known(): assert False
    def test_mended(): pass
    @pytest.fixture
    def broken(): raise RuntimeError("no box")
    def test_setup(broken): pass
    def test_fine(): pass
"""
LISTED = [
    {"test": "test_box.py::test_known", "note": "slow banner", "link": "https://bugs.example/7"},
    {"test": "test_box.py::test_mended", "note": ""},
    {"test": "test_box.py::test_setup", "note": "box"},
    {"test": "test_gone.py::test_gone", "note": "gone"},
    {"test": "", "name": "not of pytest"},
]


@pytest.fixture
def box(pytester: pytest.Pytester) -> pytest.Pytester:
    """Give a folder of tests, and a list of those that are quarantined."""
    pytester.makepyfile(test_box=TESTS)
    pytester.path.joinpath("known.json").write_text(json.dumps({"tests": LISTED}), encoding="utf-8")
    return pytester


@pytest.mark.parametrize("distributed", [(), ("-n1",)])
def test_quarantined_tests_run_and_do_not_fail_the_run(box: pytest.Pytester, distributed: tuple[str, ...]) -> None:
    result = box.runpytest_subprocess("--vpt-quarantine=known.json", "-rx", *distributed)

    assert result.ret == 0
    result.assert_outcomes(passed=1, xfailed=2, xpassed=1)
    result.stdout.fnmatch_lines([
        "*quarantined tests*", "3 ran, 2 of them failed: none fails the run",
        "test_box.py::test_known: quarantined: slow banner https://bugs.example/7",
    ])  # fmt: skip


def test_other_failures_fail_the_run(box: pytest.Pytester) -> None:
    box.path.joinpath("known.json").write_text('{"tests": []}', encoding="utf-8")

    result = box.runpytest_subprocess("--vpt-quarantine=known.json")

    assert result.ret == 1
    assert "quarantined tests" not in result.stdout.str()


@pytest.mark.parametrize(
    ("words", "said"),
    [(None, "known.json: No such file or directory"), ("{", "known.json: no list of quarantined tests; wanted: "),
     ('{"tests": [7]}', "no list of quarantined tests"), ("[]", "no list of quarantined tests")],
)  # fmt: skip
def test_what_is_no_list_is_told(box: pytest.Pytester, words: str | None, said: str) -> None:
    path = box.path / "known.json"
    path.unlink() if words is None else path.write_text(words, encoding="utf-8")

    result = box.runpytest_subprocess("--vpt-quarantine=known.json")

    assert result.ret == 4
    assert said in result.stderr.str()
    assert "Traceback" not in result.stderr.str()


class _Dashboard(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        allowed = self.headers.get("Authorization") == "Bearer vpt_secret"
        data = json.dumps({"tests": LISTED} if allowed else {"error": "sign in"}).encode()
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as its base calls it
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """Give the address of a list that wants a token."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Dashboard) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/api/quarantine"
        server.shutdown()
        thread.join()


def test_list_is_fetched_with_the_token(
    box: pytest.Pytester, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUALPYTEST_TOKEN", "vpt_secret")

    box.runpytest_subprocess(f"--vpt-quarantine={address}").assert_outcomes(passed=1, xfailed=2, xpassed=1)


def test_refusal_of_the_dashboard_is_told(box: pytest.Pytester, address: str) -> None:
    result = box.runpytest_subprocess(f"--vpt-quarantine={address}")

    assert result.ret == 4
    assert f"{address}: 401 Unauthorized; a token in $VIRTUALPYTEST_TOKEN would be sent" in result.stderr.str()


def test_dashboard_that_is_not_there_is_told(box: pytest.Pytester) -> None:
    result = box.runpytest_subprocess("--vpt-quarantine=http://127.0.0.1:9/api/quarantine")

    assert result.ret == 4
    assert "Connection refused; is the dashboard there?" in result.stderr.str()
