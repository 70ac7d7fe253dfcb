"""What is shipped to run a dashboard and a host: Dockerfiles, compose files, a unit, held against the source."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from browsing import Write
from test_dashboard_live import SERVE

from pytest_virtualpytest.cli import command

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
IMAGES = sorted(DOCKER.glob("*.Dockerfile"))
COMPOSED = sorted(DOCKER.glob("docker-compose.*.yml"))
CONTINUED = re.compile(r"\\\n\s*")


def _steps(path: Path) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile with what they say."""
    lines = CONTINUED.sub(" ", path.read_text(encoding="utf-8")).splitlines()
    pairs = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    return [(word, rest.strip()) for word, _, rest in pairs]


def _services(path: Path) -> dict[str, Any]:
    yaml = pytest.importorskip("yaml", reason="compose files are YAML")
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.name)
def test_image_copies_what_is_there_and_runs_as_nobody_special(path: Path) -> None:
    steps = _steps(path)

    copied = [word for name, rest in steps if name == "COPY" and "--from" not in rest for word in rest.split()[:-1]]
    users = [rest for name, rest in steps if name == "USER"]
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert copied
    assert all((ROOT / word).exists() and f"!{word.partition('/')[0]}" in ignored for word in copied)
    assert users == ["virtualpytest"]
    assert steps.index(("USER", "virtualpytest")) < [name for name, _ in steps].index("CMD")
    assert [name for name, _ in steps].count("HEALTHCHECK") == 1
    assert not any(name in ("ADD", "ARG") for name, _ in steps)


@pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.name)
def test_image_installs_extras_that_there_are(path: Path) -> None:
    import tomllib

    known = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]

    [extras] = [found for _, rest in _steps(path) for found in re.findall(r"\.\[([a-z,]+)\]", rest)]

    assert set(extras.split(",")) <= set(known)


def test_host_opens_no_port() -> None:
    assert not [rest for name, rest in _steps(DOCKER / "host.Dockerfile") if name == "EXPOSE"]
    assert "ports" not in _services(DOCKER / "docker-compose.dev.yml")["services"]["host"]


@pytest.mark.parametrize("path", COMPOSED, ids=lambda path: path.name)
def test_composition_names_what_is_there_and_no_secret(path: Path) -> None:
    composed = _services(path)
    services, named = composed["services"], {*composed.get("volumes", ()), *composed.get("secrets", ())}

    for service in services.values():
        build = service.get("build")
        assert build is None or (path.parent / build["context"] / build["dockerfile"]).is_file()
        assert set(service.get("depends_on", ())) <= set(services)
        assert set(service.get("secrets", ())) <= named
        for volume in service.get("volumes", ()):
            source = volume.rpartition(":/")[0]
            assert source in named or source[0] in "$." or source.startswith("../results"), volume
        assert not re.search(r"PASSWORD\W+(?!_FILE)\w", json.dumps(service.get("environment", {})))


def _commands() -> list[str]:
    image = dict(_steps(DOCKER / "dashboard.Dockerfile"))
    entry = json.loads(image["ENTRYPOINT"])
    unit = configparser.RawConfigParser()
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DOCKER / "virtualpytest-dashboard.service", encoding="utf-8")
    composed = (_services(path)["services"]["dashboard"].get("command") for path in COMPOSED)
    lines = [json.loads(image["CMD"]), *(line for line in composed if line)]
    return [shlex.join([*entry, *line]) for line in lines] + [unit["Service"]["ExecStart"]]


def test_commands_have_only_options_that_the_command_knows() -> None:
    for line in _commands():
        words = shlex.split(line)
        assert Path(words[0]).name == "virtualpytest"

        args = command._parser().parse_args(words[1:])

        assert args.users
        assert args.folders


def test_health_check_of_the_image_is_content_with_a_dashboard_and_not_with_none(folder: Path, write: Write) -> None:
    write()
    said = dict(_steps(DOCKER / "dashboard.Dockerfile"))["HEALTHCHECK"]
    _, program, code = json.loads(said[said.index("[") :])
    assert program == "-c"

    with subprocess.Popen([sys.executable, "-c", SERVE, str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        address = process.stdout.readline().strip().rstrip("/")
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=30) as answer:
                assert answer.status == 200
            ask = code.replace("http://127.0.0.1:8400", address)
            alive = subprocess.run([sys.executable, "-c", ask], capture_output=True, timeout=60, check=False)
        finally:
            process.kill()
    gone = subprocess.run([sys.executable, "-c", ask], capture_output=True, timeout=60, check=False)

    assert address not in code
    assert alive.returncode == 0
    assert gone.returncode != 0
