"""The demo: a campaign on two virtual set-top boxes, one behind ssh, and its results in the dashboard.

    python examples/demo.py FOLDER

FOLDER gets a lab file, an sshd of its own with throwaway keys, and the results. All tests pass but one that
fails on purpose: the exit code is 0 then, 1 if anything else happens. It ends by Ctrl-C, or once the dashboard
has answered where DEMO_EXIT=1.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
CAMPAIGN = ROOT / "examples" / "campaign"
ON_PURPOSE = "test_fails_on_purpose_to_show_its_evidence"
PAGE_SECONDS = 20.0
OWN = {"VPT_LINGER": "10"}  # seconds for which a recorder outlives its last reader

sys.path.insert(0, str(ROOT / "tests"))  # the private sshd is the one that the tests use

from sshd import Sshd  # noqa: E402


class DemoError(Exception):
    """The demo did not go as it should."""


@dataclass(frozen=True)
class Outcome:
    """How each test of the campaign ended, by its name, as JUnit has it."""

    verdicts: Mapping[str, str]
    messages: Mapping[str, str]

    def problems(self) -> list[str]:
        """Return what is not as it should be: every test passed, but the one that fails on purpose."""
        wrong = [
            f"{name} {verdict}: {self.messages.get(name, '')}"
            for name, verdict in self.verdicts.items()
            if verdict != ("failed" if name == ON_PURPOSE else "passed")
        ]
        wrong += [] if ON_PURPOSE in self.verdicts else [f"{ON_PURPOSE} did not run"]
        if ON_PURPOSE in self.messages and "NotSeen" not in self.messages[ON_PURPOSE]:
            wrong.append(f"{ON_PURPOSE} failed for another reason: {self.messages[ON_PURPOSE]}")
        return wrong


def main(folder: Path) -> int:
    """Run the demo in *folder* and return its exit code."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    begun = time.monotonic()
    try:
        with contextlib.ExitStack() as ending:
            results = run_campaign(folder, ending)
            address = ending.enter_context(dashboard(results))
            say(f"Allure results: {results}", f"dashboard: {address}")
            say(f"look at {ON_PURPOSE} there: its frames, clip and log", f"all of it took {seconds(begun)}")
            if os.environ.get("DEMO_EXIT") != "1":
                say("Ctrl-C ends it")
                with contextlib.suppress(KeyboardInterrupt):
                    signal.pause()
    except KeyboardInterrupt:
        return 130
    except DemoError as error:
        say(f"the demo failed: {error}")
        return 1
    return 0


def run_campaign(folder: Path, ending: contextlib.ExitStack) -> Path:
    """Run the tests on both boxes and return the folder of their results; DemoError if one went wrong."""
    os.environ.update(OWN, VPT_STATE=str(folder / "state"))  # nobody else's boxes, locks or recordings
    server = ending.enter_context(private_sshd(folder / "sshd"))
    lab = write_lab(folder, server)
    ending.callback(stop_boxes, lab)
    results = folder / "results"
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    say(f"lab: {lab}", "campaign: pytest -n 2", "")
    code = pytest(lab, results)
    outcome = read_junit(results / "junit.xml")
    hosts = tests_by_host(results / "virtualpytest-run.jsonl")
    say("", *(f"{count} tests on {host}" for host, count in sorted(hosts.items())))
    problems = outcome.problems() + ([] if code == 1 else [f"pytest ended with exit code {code}, not 1"])
    problems += [] if len(hosts) == 2 else [f"the tests ran on {', '.join(hosts) or 'no host'}, not on two hosts"]
    problems += missing_evidence(results)
    if problems:
        raise DemoError("\n  ".join([f"results: {results}", *problems]))
    say(f"as it should be: {len(outcome.verdicts) - 1} passed, and {ON_PURPOSE} failed")
    return results


@contextlib.contextmanager
def private_sshd(folder: Path) -> Iterator[Sshd | None]:
    """Start an sshd for this account on a high port of this machine, while the block runs; None if there is none."""
    installed = subprocess.run([str(ROOT / ".ci" / "packages"), "sshd"], check=False, stdin=subprocess.DEVNULL)
    if installed.returncode != 0:
        say("without sshd, both boxes are reached by popen")
        yield None
        return
    try:
        server = Sshd(folder, environment={**OWN, "VPT_STATE": os.environ["VPT_STATE"]})
        server.start()
    except RuntimeError as error:
        raise DemoError(str(error)) from error
    try:
        say(f"sshd: 127.0.0.1 port {server.port}, for {server.account} alone")
        yield server
    finally:
        server.close()


def write_lab(folder: Path, server: Sshd | None) -> Path:
    """Write the lab file and return its path: one box behind each gateway."""
    path = folder / "lab.toml"
    hosts = {"bench": {"gateway": "popen"}, "rack1": {"gateway": "popen"}}
    if server:
        python = shlex.quote(sys.executable)
        hosts["rack1"] = {"gateway": "ssh=rack1", "ssh_config": str(server.config), "python": python}
    lines = []
    for name, settings in hosts.items():
        lines += [f"[hosts.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in settings.items()), ""]
    for number, name in enumerate(hosts, 1):
        lines += [f"[devices.stb{number}]", f'host = "{name}"', 'virtual = "stb"', 'model = "virtual-stb"', ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def pytest(lab: Path, results: Path) -> int:
    """Run the campaign and return pytest's exit code."""
    command = [
        sys.executable, "-m", "pytest", str(CAMPAIGN), "--rootdir", str(CAMPAIGN), "-c", os.devnull,
        "-n", "2", "-o", f"cache_dir={results.parent / 'cache'}", "--vpt-lab", str(lab), "--alluredir", str(results),
        "--junitxml", str(results / "junit.xml"), "--tb=short",
    ]  # fmt: skip
    return ended(subprocess.Popen(command, stdin=subprocess.DEVNULL))


def read_junit(path: Path) -> Outcome:
    """Return how each test ended."""
    try:
        cases = ElementTree.parse(path).getroot().iter("testcase")
    except (OSError, ElementTree.ParseError) as error:
        raise DemoError(f"pytest wrote no report: {error}") from error
    verdicts: dict[str, str] = {}
    messages: dict[str, str] = {}
    for case in cases:
        name = case.get("name", "")
        bad = next((child for child in case if child.tag in ("failure", "error", "skipped")), None)
        verdicts[name] = "passed" if bad is None else "failed" if bad.tag == "failure" else bad.tag
        if bad is not None:
            messages[name] = bad.get("message", "")
    return Outcome(verdicts, messages)


def tests_by_host(journal: Path) -> Counter[str]:
    """Return how many tests each host served, by the run's journal."""
    events = map(json.loads, journal.read_text(encoding="utf-8").splitlines()) if journal.is_file() else ()
    return Counter(event["host"] for event in events if event["kind"] == "lease")


def missing_evidence(results: Path) -> list[str]:
    """Return what the test that fails on purpose has not left in its Allure result."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in results.glob("*-result.json")]
    kept = {kept["type"] for one in found if one["name"] == ON_PURPOSE for kept in one.get("attachments", ())}
    return [f"{ON_PURPOSE} left no {kind}" for kind in ("image/png", "video/mp4", "text/plain") if kind not in kept]


@contextlib.contextmanager
def dashboard(results: Path) -> Iterator[str]:
    """Serve *results* on a free port of this machine while the block runs; yield the address, which has answered."""
    command = [sys.executable, "-m", "pytest_virtualpytest.cli", "dashboard", str(results), "--port", "0"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, process_group=0)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        answer(address)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def answer(address: str) -> None:
    """Ask for the page at *address*; DemoError if it is not as it should be."""
    try:
        with urllib.request.urlopen(address, timeout=PAGE_SECONDS) as page:
            page.read()
    except (OSError, ValueError) as error:
        raise DemoError(f"the dashboard at {address or 'no address'} did not answer: {error}") from error


def stop_boxes(lab: Path) -> None:
    """Stop the virtual boxes: nothing of the demo stays."""
    command = [sys.executable, "-m", "pytest_virtualpytest.cli", "lab", "down", "--lab", str(lab)]
    subprocess.run(command, check=False, capture_output=True, process_group=0)


def ended(process: subprocess.Popen[bytes]) -> int:
    """Return the exit code of *process*; on Ctrl-C, which it gets as well, once it has cleaned up."""
    try:
        return process.wait()
    except KeyboardInterrupt:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        raise


def seconds(begun: float) -> str:
    """Return how long it is since *begun*, in words."""
    return f"{time.monotonic() - begun:.0f} s"


def say(*lines: str) -> None:
    """Show *lines* at once."""
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".demo").resolve()))
