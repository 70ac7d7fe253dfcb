"""The pytest plugin: options, markers and hooks. Its load path imports nothing that is slow."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Generator, Iterator

import pytest

from pytest_virtualpytest import campaign, collection, hookspecs, junit
from pytest_virtualpytest.attendance import Attendance
from pytest_virtualpytest.exceptions import ConfigError
from pytest_virtualpytest.fixtures import desktop, devices, dut, lab, measure, mobile, stb, tv
from pytest_virtualpytest.gate import Gate
from pytest_virtualpytest.outcome import PROBLEMS, Outcomes
from pytest_virtualpytest.run import Run

_OURS = pytest.StashKey[bool]()

__all__ = ["desktop", "devices", "dut", "lab", "measure", "mobile", "stb", "tv"]



def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    group = parser.getgroup("virtualpytest", "devices under test")
    group.addoption(
        "--vpt-lab", action="append", default=[], metavar="FILE",
        help="a lab file; may repeat, later ones override (default: $VPT_LAB, lab.toml here, the built-in virtual lab)",
    )  # fmt: skip
    group.addoption("--vpt-campaign", metavar="NAME", help="run a campaign of the lab file")
    group.addoption(
        "--vpt-device", action="append", default=[], metavar="NAME", help="use this device only; may repeat"
    )
    group.addoption(
        "--vpt-times", type=_times, default=1, metavar="N", help="run each test N times, as attempts of one test"
    )
    group.addoption(
        "--vpt-plan", metavar="FILE",
        help="with --collect-only: write what the run will come to into FILE, as JSON",
    )  # fmt: skip
    group.addoption(
        "--vpt-each", choices=("any", "device", "model"), default="any",
        help="run each test of one device once, on each device, or on one of each model (default: any)",
    )  # fmt: skip
    _add_ways(group)


def _add_ways(group: pytest.OptionGroup) -> None:
    """Add the options that say how tests run, and what their failures do."""
    group.addoption(
        "--vpt-evidence", choices=("always", "failure", "never"), default="failure",
        help="when to keep frames, clip and log of a test's devices (default: failure)",
    )  # fmt: skip
    group.addoption(
        "--vpt-on-hosts", action="store_true",
        help="run the workers on the hosts of the lab, each with the devices of its host; -n is how many in all",
    )  # fmt: skip
    group.addoption(
        "--vpt-update-references", action="store_true",
        help="where a picture is not found, cut a candidate for it beside it, for `virtualpytest references` to accept",
    )  # fmt: skip
    group.addoption(
        "--vpt-quarantine", metavar="FILE-or-URL",
        help="tests whose failure does not fail the run, as a dashboard's /api/quarantine answers them",
    )  # fmt: skip
    group.addoption(
        "--vpt-unavailable", choices=("error", "skip"), default="error",
        help="what to do about tests that no device of the lab can serve (default: error, exit code 4)",
    )  # fmt: skip


def _times(word: str) -> int:
    if not word.isascii() or not word.isdigit() or not int(word):
        raise argparse.ArgumentTypeError(f"{word!r} is no number of times; write 1 or more")
    return int(word)


def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Take the campaign that is asked for as arguments."""
    with _usage_errors():
        campaign.choose(early_config, args)


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, object, object]:
    """Note whether the user has chosen how tests are distributed, and choose workers on the hosts if he has that."""
    config.stash[_OURS] = config.getoption("dist", "") == "no" and not config.getoption("distload", False)
    if _on_hosts(config):
        from pytest_virtualpytest.distribution import onhosts

        with _usage_errors():
            run = Run.of(config)
            run.lab.check()
            onhosts.choose(config, run.lab.devices)
    return (yield)


def _on_hosts(config: pytest.Config) -> bool:
    """Tell whether this is the controller of workers on hosts."""
    is_worker = hasattr(config, "workerinput")
    return bool(config.getoption("vpt_on_hosts") and not is_worker and not config.option.collectonly)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the hooks that a lab may implement."""
    pluginmanager.add_hookspecs(hookspecs)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register our markers, and what a run shares."""
    config.addinivalue_line("markers", "device(kind, name, model, tags, needs): narrow the test's device")
    config.addinivalue_line("markers", "devices(role={'kind': ...}, ...): the devices of a test, by role")
    config.addinivalue_line("markers", "deadline(seconds): interrupt the test when it has run so long")
    config.addinivalue_line("markers", "may_crash(app, ...): a crash of these apps, or of any, does not fail the test")
    run = Run.of(config)
    config.pluginmanager.register(Outcomes(run), "virtualpytest-outcomes")
    config.pluginmanager.register(Attendance(run), "virtualpytest-attendance")
    if run.folder:
        from pytest_virtualpytest.results import Results

        results = Results(run, run.folder)
        run.journal.lost = results.lost
        config.pluginmanager.register(results, "virtualpytest-results")
        if run.site is None:  # on a host there is no file of this machine
            config.pluginmanager.register(Gate(run), "virtualpytest-gate")
    if not run.is_worker and config.getoption("xmlpath", None):
        config.pluginmanager.register(junit.LastAttempts(), "virtualpytest-junit")
    _add_asked(config)
    _distribute(config, run)
    if campaign.of(config) is not None or config.getoption("vpt_plan"):
        from pytest_virtualpytest import planning, provisioning

        with _usage_errors():
            provisioning.plan(run)
            planning.plan(run)


def _add_asked(config: pytest.Config) -> None:
    """Register what only some runs ask for."""
    if config.getoption("vpt_update_references"):
        from pytest_virtualpytest.updating import Updates

        if _on_hosts(config):
            raise pytest.UsageError("--vpt-update-references goes without --vpt-on-hosts: the references are here")
        config.pluginmanager.register(Updates(), "virtualpytest-updates")
    if (times := config.getoption("vpt_times")) > 1:
        from pytest_virtualpytest.repeating import Repeating

        config.pluginmanager.register(Repeating(times), "virtualpytest-repeating")
    if source := config.getoption("vpt_quarantine"):
        from pytest_virtualpytest.quarantine import Quarantine

        with _usage_errors():
            config.pluginmanager.register(Quarantine.of(config, source), "virtualpytest-quarantine")


def _distribute(config: pytest.Config, run: Run) -> None:
    """Take part in pytest-xdist's work, where it works."""
    if run.is_worker:
        config.option.clean_alluredir = False  # the controller has done it; a worker that comes later must not
        channel = config.workerinput.get("virtualpytest_side")  # type: ignore[attr-defined]  # xdist has no types
        if channel is not None:
            from pytest_virtualpytest.distribution.worker import Worker

            config.pluginmanager.register(Worker(run, channel), "virtualpytest-worker")
    elif config.getoption("tx", None):
        from pytest_virtualpytest.distribution.controller import Controller

        run.attend()
        controller = Controller(run, schedules=config.stash.get(_OURS, False))
        config.pluginmanager.register(controller, "virtualpytest-controller")
        if _on_hosts(config):
            from pytest_virtualpytest.distribution.onhosts import OnHosts

            config.pluginmanager.register(OnHosts(run, controller.quarantine), "virtualpytest-on-hosts")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Read the lab file, where there is one, before anything else is done."""
    run = Run.of(session.config)
    if run.is_worker:
        return
    with _usage_errors():
        if run.named:
            run.lab.check()


def pytest_report_header(config: pytest.Config) -> str:
    """Say which lab serves."""
    run = Run.of(config)
    with _usage_errors():
        settings = run.settings
    devices = run.lab.devices
    hosts = [host for host in settings.hosts if any(device.host == host for device in devices)]
    note = "" if settings.sources else " (no lab.toml)"
    return (
        f"virtualpytest: {settings.name}{note}; hosts: {', '.join(hosts) or 'none'}; "
        f"devices: {', '.join(f'{device.name} ({device.kind})' for device in devices) or 'none'}"
    )


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Return one worker for each device that is free, where a lab has been chosen."""
    run = Run.of(config)
    with _usage_errors():
        if not run.named:
            return None
        from pytest_virtualpytest.distribution import free

        config.stash[free.FREE] = free.names(run.lab)
        return max(1, len(config.stash[free.FREE]))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell each worker whose run it is part of."""
    told = node.workerinput  # type: ignore[attr-defined]  # xdist has no types
    told["virtualpytest_run"] = Run.of(node.config).id  # type: ignore[attr-defined]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat a test for each device or model, where that is asked for."""
    each = metafunc.config.getoption("vpt_each")
    if each != "any":
        with _usage_errors():
            collection.parametrize(metafunc, Run.of(metafunc.config).lab, each)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """See that the lab can serve every test that is left, and its pictures are there, or say of all of them why not."""
    asking = _asking(items)
    if not asking:
        return
    with _usage_errors():
        apart = config.getoption("vpt_on_hosts")
        problems = collection.check(asking, Run.of(config).lab, on_one_host=apart)
    if config.getoption("vpt_unavailable") == "skip":
        for item in asking:
            if item.nodeid in problems and collection.NEEDS in item.stash:
                item.add_marker(pytest.mark.skip(reason=problems.pop(item.nodeid).removeprefix(f"{item.nodeid}: ")))
    from pytest_virtualpytest.preflight import check

    served = [item for item in asking if item.nodeid not in problems]
    missing = check(served, Run.of(config).lab, config.rootpath)
    if problems or missing:
        _refuse(config, items, [*problems.values(), *missing])


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note the plan in the run's journal."""
    run = Run.of(session.config)
    if run.worker in {"main", "gw0"} and session.items and not session.config.option.collectonly:
        run.journal.note("plan", data={"tests": [item.nodeid for item in session.items]})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which devices qualify for each test, where tests are only collected."""
    if config.option.collectonly:
        for item in _asking(getattr(terminalreporter, "_session").items):  # noqa: B009  # the one way to the items here
            terminalreporter.write_line(f"{item.nodeid}: {collection.qualifying(item, Run.of(config).lab)}")


def _asking(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return those of *items* that need devices, or whose needs cannot be understood."""
    return [item for item in items if collection.asks(item)]


def _refuse(config: pytest.Config, items: list[pytest.Item], problems: list[str]) -> None:
    """End the run before its first test; a worker of xdist leaves that to its controller."""
    output = getattr(config, "workeroutput", None)
    if output is None:
        raise pytest.UsageError(*problems)
    output[PROBLEMS] = problems
    items.clear()


@contextlib.contextmanager
def _usage_errors() -> Iterator[None]:
    """Turn what the user wrote wrong into pytest's exit code 4, a line each."""
    try:
        yield
    except ConfigError as error:
        raise pytest.UsageError(*error.problems) from None
