"""The controller's end: it hears what the workers do, says what they use, and ends those that hang."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from typing import Any

import pytest

from pytest_virtualpytest import campaign, gate, provisioning, tally
from pytest_virtualpytest.distribution import crash, side, starting
from pytest_virtualpytest.distribution.free import FREE
from pytest_virtualpytest.distribution.history import Durations
from pytest_virtualpytest.distribution.scheduling import DeviceScheduling
from pytest_virtualpytest.distribution.state import WorkerState
from pytest_virtualpytest.distribution.units import Asked
from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.pausing import Heed, Pause
from pytest_virtualpytest.run import HUNG, Run

_EVIDENCE_SECONDS = 20.0  # for what the host of a dead worker still has to show
SILENCE = 12.0  # seconds without a heartbeat after which a worker is stopped or hung


class Controller:
    """What the controller does beside xdist's own part."""

    def __init__(self, run: Run, *, schedules: bool) -> None:
        self._run, self._schedules = run, schedules
        self._states: dict[Any, WorkerState] = {}
        self._sides: dict[Any, side.Side] = {}
        self._asked: Asked | None = None
        self._scheduling: DeviceScheduling | None = None
        self._durations: Durations | None = None
        self._writing: list[threading.Thread] = []
        self._unfit: list[tuple[str, str]] = []
        self._ended = threading.Event()
        self._pause = Pause(run.folder)
        self._heed = Heed(self._pause, self._paused)

    def pytest_xdist_setupnodes(self, config: pytest.Config) -> None:
        """Have xdist begin a worker anew that dies in its first moments."""
        if not config.getoption("vpt_on_hosts"):
            session: Any = config.pluginmanager.get_plugin("dsession")
            session.nodemanager.setup_node = starting.anew(session.nodemanager)

    def pytest_configure_node(self, node: Any) -> None:
        """Give each worker a channel of its own beside xdist's."""
        channel = node.gateway.newchannel()
        node.workerinput[side.KEY] = channel
        popen = getattr(node.gateway._io, "popen", None)  # noqa: SLF001  # execnet's, where it has started a process
        self._states[node] = WorkerState(node.gateway.id, self._run.id, popen.pid if popen else 0)
        self._sides[node] = side.Side(channel, lambda message: self._take(node, message))
        if len(self._states) == 1:
            threading.Thread(target=self._watch, daemon=True, name="watch over the workers").start()

    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Return our scheduler, where the user has not chosen one."""
        if not self._schedules:
            return None
        self._durations = Durations.of(config, self._run.folder)
        devices = [device.name for device in self._run.lab.devices]
        self._scheduling = DeviceScheduling(
            config, log, self._durations, devices, self._tell, lambda: list(self._run.holding.unfit),
            in_file_order=campaign.in_file_order(config), **self._places(),
        )  # fmt: skip
        self._scheduling.free = config.stash.get(FREE, None)
        self._scheduling.paused = lambda: self._pause.asked
        return self._scheduling

    def pytest_xdist_node_collection_finished(self) -> None:
        """Give the scheduler what the workers have told of their tests' needs."""
        if self._scheduling is not None:
            self._scheduling.asked = self._asked

    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """End the process of a worker of this machine that has no more to do; xdist keeps it until the run ends."""
        if error is None and node.gateway.spec.popen and not self._run.config.getoption("vpt_on_hosts"):
            node.gateway.exit()

    @pytest.hookimpl(tryfirst=True)
    def pytest_handlecrashitem(self, crashitem: str, report: Any) -> None:
        """Say of a test whose worker died where it was, and keep what its host still has to show."""
        state = self._states.get(report.node)
        if state is None:
            return
        tally.mark(report, state.leased, dict.fromkeys(state.leased, time.time() - state.began))
        where = " and ".join(f"{device} (host {host})" for device, host in state.leased.items())
        why = state.killed or "crashed"
        if state.hung:
            setattr(report, HUNG, {"hung": state.hung, "cause": state.cause})
        report.longrepr = f"worker {state.worker!r} {why} while running {crashitem!r}{f' on {where}' if where else ''}"
        if self._run.folder and state.test == crashitem:
            writing = threading.Thread(target=self._write, args=(state, str(report.longrepr)), daemon=True)
            writing.start()
            self._writing.append(writing)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Remember how long each test took."""
        self._ended.set()
        for thread in self._writing:
            thread.join(_EVIDENCE_SECONDS)
        if self._durations is not None:
            self._durations.keep(session.config)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which devices were not fit for use."""
        for device, why in self._unfit:
            terminalreporter.write_line(f"quarantined: {device}: {why}")

    def _write(self, state: WorkerState, message: str) -> None:
        assert self._run.folder is not None
        with contextlib.suppress(VirtualPytestError, OSError):
            crash.write(self._run.folder, state, message, self._run.lab)

    def _places(self) -> dict[str, Any]:
        """Return which devices a worker can use, where workers are on the hosts."""
        if not self._run.config.getoption("vpt_on_hosts"):
            return {}
        return {"sites": {site[0].host: frozenset(one.name for one in site) for site in self._run.lab.sites()}}

    def _tell(self, node: Any, word: str, *values: Any) -> None:
        self._sides[node].send(word, *values)

    def _take(self, node: Any, message: side.Message) -> None:
        """Take a message, in execnet's thread."""
        state = self._states[node]
        state.heard = time.monotonic()
        word, *values = message
        if state.take(word, values):
            return
        match word:
            case "worker":
                state.pid, state.begun = values[0] if node.gateway.spec.popen else 0, True
                for unfit in self._unfit:
                    self._sides[node].send("unfit", *unfit)
                self._sides[node].send("provisioned", provisioning.done(self._run.config))
            case "needs":
                self._asked = self._asked or Asked(*values)
            case "waiting":
                self._show(f"[{state.worker}] {values[0]}")
            case "unfit":
                self.quarantine(*values)
            case "provisioned":
                provisioning.note(self._run.config, values)
                for one in self._sides.values():
                    one.send("provisioned", values)

    def quarantine(self, device: str, why: str) -> None:
        """Use *device* no more in this run, in whichever worker."""
        if device in self._run.holding.unfit:
            return
        self._run.holding.unfit[device] = why
        self._unfit.append((device, why))
        self._show(f"{device} is quarantined for this run: {why}")
        for one in self._sides.values():
            one.send("unfit", device, why)

    def _watch(self) -> None:
        """End each worker that has been silent for too long: it is stopped, or its interpreter hangs."""
        looked = time.monotonic()
        while not self._ended.wait(1.0):
            self._heed.look()
            now = time.monotonic()
            late, looked = now - looked - 1.0, now
            for node, state in list(self._states.items()):
                if late > 2.0:  # this process itself was stopped: what the workers said meanwhile is still to be read
                    state.heard = now
                if state.pid and now - state.heard > SILENCE and (state.begun or starting.stopped(state.pid)):
                    state.killed = f"was ended: nothing was heard from it for {SILENCE:g} s"
                    state.hung = time.time() - (now - state.heard)
                    self._end(node, state.pid)
                    state.pid = 0

    def _paused(self, word: str) -> None:
        """Tell of a pause; at its end have the scheduler go on, in xdist's own thread."""
        self._run.journal.note("paused" if word == "paused" else "resumed", data={"kept": []})
        self._show(gate.line(word, []))
        session: Any = self._run.config.pluginmanager.get_plugin("dsession")
        if word == "resumed" and self._scheduling is not None:
            session.worker_virtualpytest_resumed = self._scheduling.resume
            session.queue.put(("virtualpytest_resumed", {}))

    def _end(self, node: Any, pid: int) -> None:
        """End a worker: one on a host by its connection, since its number means nothing here."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if getattr(node.gateway.spec, "host", None):
                node.gateway.link.kill()
            else:
                os.kill(pid, signal.SIGKILL)

    def _show(self, line: str) -> None:
        reporter = self._run.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(line)
