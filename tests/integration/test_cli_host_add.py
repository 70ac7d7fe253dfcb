"""`virtualpytest host add`, `update`, `rollback`: a machine that has nothing of ours becomes a host, over ssh alone."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import accounts
import pytest
import sshd
from accounts import Machine
from command import Done, run, started

from pytest_virtualpytest import config
from pytest_virtualpytest.gateway import Gateway

VERSION = metadata.version("virtualpytest")


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """Give a machine that nobody has prepared."""
    with accounts.machine() as made:
        yield made


@pytest.fixture(scope="module")
def added(machine: Machine) -> Done:
    """Add it, without what virtualpytest needs: that takes long, and is tried in a test of its own."""
    return run("host", "add", *machine.words, "--python", machine.python, "--no-deps")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def linked(machine: Machine, link: str) -> str:
    """Return which environment *link* leads to."""
    path = machine.root / link
    return path.readlink().name if path.is_symlink() else ""


def opened(lab: Path) -> contextlib.closing[Gateway]:
    """Return an open gateway to the host of *lab*."""
    gateway = Gateway(config.load([lab]).hosts["rack1"])
    gateway.open()
    return contextlib.closing(gateway)


def test_machine_is_prepared_and_its_lines_are_a_lab_that_is_well(machine: Machine, added: Done) -> None:
    Path("lab.toml").write_text(added.out)

    checked = run("lab", "check")

    assert added.code == 0, added.err
    assert linked(machine, "current") == f"{VERSION}-1"
    assert tomllib.loads(added.out)["hosts"].keys() == {"rack1"}
    assert (checked.code, checked.err) == (0, "")
    assert checked.out.splitlines()[1].startswith(f"ok    host rack1: up; virtualpytest {VERSION}, Python 3.")


def test_each_step_is_told_as_it_is_done(machine: Machine, added: Done) -> None:
    steps = (": installing virtualpytest ", ": copying 1 file, ", ": making ", ": installing ", " is in use", ": ok   ")

    assert all(line.startswith("rack1: ") for line in added.err.splitlines())
    places = [added.err.find(step) for step in (steps[1], steps[2], steps[4], steps[5])]
    assert -1 not in places
    assert places == sorted(places)


def test_groups_that_the_account_lacks_are_told_with_one_command(machine: Machine, added: Done) -> None:
    known = {line.split(":")[0] for line in Path("/etc/group").read_text().splitlines()}
    mine = set(subprocess.check_output(["id", "-nG", machine.server.account], text=True).split())
    is_root = machine.server.account == "root"
    missing = [name for name in ("video", "dialout", "plugdev", "input") if name in known - mine and not is_root]

    told = [line for line in added.out.splitlines() if "usermod" in line]

    command = f"sudo usermod -aG {','.join(missing)} {machine.server.account}"
    assert told == ([f"# to let it use every device: {command}"] if missing else [])


def test_agent_is_of_the_environment_that_current_led_to_when_it_started(machine: Machine, added: Done) -> None:
    Path("lab.toml").write_text(machine.lab())

    with opened(Path("lab.toml")) as gateway:
        executable = gateway.facts["executable"]

    assert executable == str(machine.root / "envs" / linked(machine, "current") / "bin" / "python")


def test_update_and_rollback_switch_while_an_agent_runs(machine: Machine, added: Done) -> None:
    Path("lab.toml").write_text(machine.lab())
    subprocess.run([*machine.prefix, "mkdir", str(machine.root / "envs" / "0.0.9-1")], check=True)  # cut off, or old
    with opened(Path("lab.toml")) as before:
        updated = run("host", "update", "rack1", "--no-deps")
        after_update = (linked(machine, "current"), linked(machine, "previous"))
        back = run("host", "rollback", "rack1")
        after_rollback = (linked(machine, "current"), linked(machine, "previous"))
        told = before.attach({"name": "late", "virtual": None, "controllers": []})  # a process of the old environment

    assert (updated.code, back.code) == (0, 0), updated.err + back.err
    assert after_update == (f"{VERSION}-2", f"{VERSION}-1")
    assert after_rollback == (f"{VERSION}-1", f"{VERSION}-2")
    assert updated.out.endswith(f"envs/{VERSION}-2/bin/python\n")
    assert back.out.endswith(f"envs/{VERSION}-1/bin/python\n")
    assert told["resources"] == []
    assert sorted(path.name for path in (machine.root / "envs").iterdir()) == [f"{VERSION}-1", f"{VERSION}-2"]


def test_installation_that_fails_leaves_what_was_in_use(machine: Machine, added: Done) -> None:
    Path("wheels").mkdir()
    Path("wheels/unrelated-1.0-py3-none-any.whl").write_bytes(b"")
    Path("lab.toml").write_text(machine.lab())
    before, kept = linked(machine, "current"), sorted(path.name for path in (machine.root / "envs").iterdir())

    done = run("host", "update", "rack1", "--wheels", "wheels")

    assert done.code == 10
    assert "host 'rack1': pip failed: No matching distribution found for " in done.err.splitlines()[-1]
    assert f"(all of it: {machine.root / 'install.log'})" in done.err
    assert linked(machine, "current") == before
    assert sorted(path.name for path in (machine.root / "envs").iterdir()) == kept


def test_rollback_without_a_version_before(tmp_path: Path) -> None:
    Path("lab.toml").write_text('[hosts.here]\ngateway = "popen"')

    done = run("host", "rollback", "here", XDG_DATA_HOME=str(tmp_path))

    assert done.code == 10
    assert done.err.splitlines()[-1] == (
        f"host 'here': there is no environment before 'the first' in {tmp_path / 'virtualpytest' / 'envs'}"
    )


def test_machine_without_that_python(machine: Machine) -> None:
    done = run("host", "add", *machine.words, "--python", "/nowhere/python3.13")

    assert done.code == 10
    assert done.err.startswith("host 'rack1': no Python there at '/nowhere/python3.13'; set --python to the path of ")
    assert len(done.err.splitlines()) == 1


def test_python_that_is_too_old(machine: Machine, open_folder: Path) -> None:
    old = open_folder / "python3.9"
    old.write_text("#!/bin/sh\necho 'Unknown option: -P' >&2\nexit 2\n")
    old.chmod(0o755)

    done = run("host", "add", *machine.words, "--python", old)

    assert done.code == 10
    assert done.err == (
        f"host 'rack1': its Python '{old}' is too old; virtualpytest needs 3.11 or newer; name one with --python\n"
    )


@pytest.mark.parametrize("python", ["python3; touch {}", "$(touch {})", "`touch {}`", "python3 && touch {} #"])
def test_python_is_no_shell_line(machine: Machine, open_folder: Path, python: str) -> None:
    trace = open_folder / "trace"
    open_folder.chmod(0o777)

    done = run("host", "add", *machine.words, "--python", python.format(trace))

    assert done.code == 10
    assert not trace.exists()


@pytest.mark.parametrize("gateway", ["ssh=-oProxyCommand=x", "ssh=lab@-oProxyCommand=x", "ssh=rack1 -v", "socket=x:1"])
def test_dangerous_machine_is_refused(gateway: str) -> None:
    done = run("host", "add", gateway, "--name", "rack1")

    assert done.code == 10
    assert "is refused" in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(("words", "message"), [
    (["ssh=-x"], "'ssh=-x' gives no name for the host; name it with --name\n"),
    (["ssh=rack1", "--name=-x"], "--name '-x' is refused: a name has no blanks, no '/', and no '-' in front\n"),
    (["ssh=rack1", "--python", "'x"], "--python \"'x\": No closing quotation\n"),
])  # fmt: skip
def test_what_cannot_be_done_as_it_stands(words: list[str], message: str) -> None:
    done = run("host", "add", *words)

    assert (done.code, done.err) == (2, message)


def test_login_shell_that_prints(machine: Machine, open_folder: Path) -> None:
    command = 'echo Welcome to rack1; eval "$SSH_ORIGINAL_COMMAND"'
    with sshd.Sshd(open_folder / "chatty", machine.server.account, force=command) as chatty:
        done = run("host", "add", f"ssh={sshd.NAME}", "--ssh-config", chatty.config, "--python", machine.python)

    assert done.code == 10
    assert done.err == (
        "host 'rack1': its login shell prints to standard output ('Welcome to rack1'); "
        "let it print in interactive shells only\n"
    )


def test_second_installation_at_once_is_told(tmp_path: Path) -> None:
    (tmp_path / "virtualpytest").mkdir()
    environment = {"XDG_DATA_HOME": str(tmp_path)}
    lock = ["flock", str(tmp_path / "virtualpytest" / "lock"), "sh", "-c", "echo locked; exec sleep 60"]
    with subprocess.Popen(lock, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()

        done = run("host", "add", "popen", "--name", "here", "--python", sys.executable, **environment)
        holder.kill()

    assert done.code == 10
    assert done.err.splitlines()[-1] == (
        f"host 'here': another installation is going on in {tmp_path / 'virtualpytest'}; try again when it has ended"
    )


def test_unknown_host_names_the_nearest() -> None:
    Path("lab.toml").write_text('[hosts.rack1]\ngateway = "popen"')

    done = run("host", "update", "rak1")

    assert (done.code, done.err) == (4, "lab.toml: no host 'rak1'; did you mean 'rack1'?\n")


def test_interrupted_installation_changes_nothing_that_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    words = ("popen", "--name", "here", "--python", sys.executable, "--no-deps")
    with started("host", "add", *words) as process:
        assert process.stderr is not None
        while ": making " not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        code = process.wait(20)

    assert code == 130
    assert not (tmp_path / "virtualpytest" / "current").exists()


@pytest.mark.soak
def test_machine_is_prepared_with_all_that_it_needs(machine: Machine) -> None:
    done = run("host", "add", *machine.words, "--name", "full", "--python", machine.python)
    Path("lab.toml").write_text(f'{done.out}\n[devices.stb1]\nvirtual = "stb"\nhost = "full"\n')

    checked = run("lab", "check")

    assert done.code == 0, done.err
    assert all(f"full: {name} " in done.err for name in ("PyAV", "OpenCV"))
    assert "missing" not in done.err
    assert checked.code == 0, checked.out
    assert "device stb1: audio power remote screen; 1280x720 at " in checked.out
