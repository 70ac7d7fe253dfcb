"""The demo: a campaign on two virtual set-top boxes, one behind ssh; one test on a box, a phone and, where Xvfb and
zenity are, a desktop; and the results in the dashboard.

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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
CAMPAIGN = ROOT / "examples" / "campaign"
ANYWHERE = ROOT / "examples" / "anywhere"
ON_PURPOSE = "test_fails_on_purpose_to_show_its_evidence"
PAGE_SECONDS = 20.0
KINDS = {
    "stb": ['virtual = "stb"', 'model = "virtual-stb"'],
    "phone": ['virtual = "phone"', 'model = "virtual-phone"'],
}
if shutil.which("Xvfb") and shutil.which("zenity"):
    KINDS["desktop"] = ['kind = "desktop"', 'model = "xvfb"', 'desktop = { display = "virtual" }']
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

    def problems(self, failing: Sequence[str] = (ON_PURPOSE,)) -> list[str]:
        """Return what is not as it should be: every test passed, but the one that fails on purpose."""
        wrong = [
            f"{name} {verdict}: {self.messages.get(name, '')}"
            for name, verdict in self.verdicts.items()
            if verdict != ("failed" if name in failing else "passed")
        ]
        wrong += [f"{name} did not run" for name in failing if name not in self.verdicts]
        said = [(name, self.messages[name]) for name in failing if name in self.messages]
        return wrong + [f"{name} failed for another reason: {why}" for name, why in said if "NotSeen" not in why]


def main(folder: Path) -> int:
    """Run the demo in *folder* and return its exit code."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    begun = time.monotonic()
    try:
        with contextlib.ExitStack() as ending:
            lab = prepare(folder, ending)
            results = [run_campaign(folder, lab), run_anywhere(folder, lab)]
            address = ending.enter_context(dashboard(results))
            say(f"Allure results: {' '.join(map(str, results))}", f"dashboard: {address}")
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


def prepare(folder: Path, ending: contextlib.ExitStack) -> Path:
    """Return the path of the lab file: its hosts are there, until *ending*."""
    os.environ.update(OWN, VPT_STATE=str(folder / "state"))  # nobody else's boxes, locks or recordings
    server = ending.enter_context(private_sshd(folder / "sshd"))
    lab = write_lab(folder, server)
    ending.callback(stop_boxes, lab)
    say(f"lab: {lab}")
    if "desktop" not in KINDS:
        say("no desktop is among its devices: that wants xvfb and zenity (apt-get install xvfb zenity)")
    return lab


def run_campaign(folder: Path, lab: Path) -> Path:
    """Run the tests on both boxes and return the folder of their results; DemoError if one went wrong."""
    results = empty(folder / "results")
    say("campaign: pytest -n 2", "")
    code = pytest(CAMPAIGN, lab, results, "-n", "2")
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


def run_anywhere(folder: Path, lab: Path) -> Path:
    """Run one test on each kind of device and return the folder of its results; DemoError if it went wrong on one."""
    results = empty(folder / "anywhere")
    say("", "one test on every kind of device: pytest --vpt-each=model -n 3", "")
    code = pytest(ANYWHERE, lab, results, "--vpt-each=model", "-n", "3")
    outcome = read_junit(results / "junit.xml")
    problems = outcome.problems(failing=()) + ([] if code == 0 else [f"pytest ended with exit code {code}, not 0"])
    problems += [] if len(outcome.verdicts) == len(KINDS) else [f"it ran on {', '.join(outcome.verdicts) or 'nothing'}"]
    if problems:
        raise DemoError("\n  ".join([f"results: {results}", *problems]))
    say("", f"as it should be: passed on {len(outcome.verdicts)} kinds of device")
    return results


def empty(folder: Path) -> Path:
    """Return *folder*, new."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


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
    """Write the lab file and return its path: one box behind each gateway, one of each other kind behind the first."""
    path = folder / "lab.toml"
    hosts = {"bench": {"gateway": "popen"}, "rack1": {"gateway": "popen"}}
    if server:
        python = shlex.quote(sys.executable)
        hosts["rack1"] = {"gateway": "ssh=rack1", "ssh_config": str(server.config), "python": python}
    lines = []
    for name, settings in hosts.items():
        lines += [f"[hosts.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in settings.items()), ""]
    for number, name in enumerate(hosts, 1):
        lines += [f"[devices.stb{number}]", f'host = "{name}"', *KINDS["stb"], ""]
    for kind in set(KINDS) - {"stb"}:
        lines += [f"[devices.{kind}1]", 'host = "bench"', *KINDS[kind], ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def pytest(tests: Path, lab: Path, results: Path, *options: str) -> int:
    """Run *tests* and return pytest's exit code."""
    command = [
        sys.executable, "-m", "pytest", str(tests), "--rootdir", str(tests), "-c", os.devnull,
        "-o", f"cache_dir={results.parent / 'cache'}", "--vpt-lab", str(lab), "--alluredir", str(results),
        "--junitxml", str(results / "junit.xml"), "--tb=short", *options,
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
def dashboard(results: Sequence[Path]) -> Iterator[str]:
    """Serve *results* on a free port of this machine while the block runs; yield the address, which has answered."""
    command = [sys.executable, "-m", "pytest_virtualpytest.cli", "dashboard", *map(str, results), "--port", "0"]
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
