"""A server of PostgreSQL for tests: Debian's program in a temporary folder, on a socket there, gone with the tests."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import URL, create_engine, text

GUARDED = "guarded"  # the one user who needs a password
_PLACES = "/usr/lib/postgresql/*/bin"
_OWNER = "postgres"  # the server refuses to run as root
_QUICK = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60", "shared_buffers=32MB"]


class Postgres:
    """A server that nobody else reaches: it has a socket and no port."""

    @staticmethod
    def installed() -> bool:
        """Tell whether the programs are here."""
        return _program("initdb") is not None

    def __enter__(self) -> Postgres:
        self.place = Path(tempfile.mkdtemp(prefix="vpt-postgres-"))
        self._numbers = itertools.count(1)
        self._who: dict[str, Any] = {}
        if os.geteuid() == 0:
            shutil.chown(self.place, _OWNER, _OWNER)
            self._who = {"user": _OWNER, "group": _OWNER, "extra_groups": []}
        self._run("initdb", "--pgdata", self._data, "--auth", "trust", "--encoding", "UTF8", "--locale", "C",
                  "--username", "tester", "--no-sync")  # fmt: skip
        rules = self.place / "data" / "pg_hba.conf"
        rules.write_text(f"local all {GUARDED} scram-sha-256\nlocal all all trust\n", encoding="ascii")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop("immediate")
        shutil.rmtree(self.place)

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        settings = [*_QUICK, f"unix_socket_directories={self.place}", "listen_addresses="]
        options = " ".join(f"-c {setting}" for setting in settings)
        self._run("pg_ctl", "--pgdata", self._data, "--log", str(self.place / "log"), "--options", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """End the server, and every connection."""
        self._run("pg_ctl", "--pgdata", self._data, "--mode", mode, "stop")

    def address(self, name: str, user: str = "tester") -> URL:
        """Return the address of the database *name*."""
        return URL.create("postgresql+psycopg", user, database=name, query={"host": str(self.place)})

    def database(self, *more: str) -> URL:
        """Make an empty database, with what *more* says, and return its address."""
        name = f"test{next(self._numbers)}"
        self.execute("postgres", f"CREATE DATABASE {name} {' '.join(more)}")
        return self.address(name)

    def execute(self, name: str, *statements: str) -> None:
        """Run *statements*, each by itself, in the database *name*."""
        engine = create_engine(self.address(name), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    @property
    def _data(self) -> str:
        return str(self.place / "data")

    def _run(self, name: str, *arguments: str) -> None:
        program = _program(name)
        assert program, f"no {name}"
        with tempfile.TemporaryFile("w+") as said:  # not a pipe, which the server would keep open
            command = [program, *arguments]
            done = subprocess.run(command, stdout=said, stderr=said, cwd=self.place, check=False, **self._who)
            said.seek(0)
            assert done.returncode == 0, said.read()


def _program(name: str) -> str | None:
    newest_first = sorted(Path("/").glob(f"{_PLACES[1:]}/{name}"), reverse=True)
    return str(newest_first[0]) if newest_first else shutil.which(name)
