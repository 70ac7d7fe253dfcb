"""A store in PostgreSQL: what may be in it, what is told where it cannot be had, and that it lasts."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from browsing import Write, client_of, plain, run_page
from postgres import GUARDED, Postgres
from sqlalchemy import URL, Column, Integer, MetaData, Table, create_engine, insert, select, text
from virtualpytest_dashboard import serve
from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.store import postgresql
from virtualpytest_dashboard.store.database import Database

from pytest_virtualpytest.exceptions import ConfigError

SECRET = "s3cret%40word"


@pytest.fixture
def address(postgres: Postgres) -> URL:
    """Give the address of an empty database."""
    return postgres.database()


def _said(folder: Path, database: str) -> str:
    with pytest.raises(ConfigError) as raised:
        serve.main([str(folder)], port=0, database=database)
    return str(raised.value)


def test_command_keeps_what_it_reads_in_the_database_and_nothing_beside_the_results(
    folder: Path, write: Write, address: URL
) -> None:
    write("test_zap")
    where = address.set(drivername="postgresql").render_as_string()
    command = [sys.executable, "-m", "pytest_virtualpytest.cli", "dashboard", str(folder), "--port", "0",
               "--database", where]  # fmt: skip

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        with urllib.request.urlopen(process.stdout.readline().strip(), timeout=30) as answer:
            page = answer.read().decode()
        process.terminate()
        process.communicate(timeout=30)

    assert "night" in page
    assert [path.name for path in folder.iterdir()] == ["0000-result.json"]
    with contextlib.closing(Database(address)) as store, store.reading() as connection:
        assert connection.execute(text("SELECT name FROM result")).scalars().all() == ["test_zap"]


@pytest.mark.parametrize(
    ("database", "why"),
    [
        ("mysql://me@here/lab", "'mysql' is not known; it has the form postgresql://USER@HOST/NAME"),
        ("lab", "no address; it has the form postgresql://USER@HOST/NAME"),
        ("postgresql://me:hush@here/", "postgresql://me@here/ names none; it has the form postgresql://USER@HOST/NAME"),
    ],
)
def test_address_of_no_database_is_told(folder: Path, write: Write, database: str, why: str) -> None:
    write()

    assert _said(folder, database) == f"the dashboard's database: {why}"


def test_server_that_is_not_there_is_told_without_the_password(folder: Path, write: Write) -> None:
    write()

    said = _said(folder, f"postgresql://me:{SECRET}@127.0.0.1:1/lab?password=hush")

    assert said.startswith("the dashboard's database postgresql://me@127.0.0.1:1/lab: connection failed: ")
    assert "refused" in said
    assert "s3cret" not in said
    assert "hush" not in said


@pytest.mark.parametrize("password", ["wrong", None])
def test_password_that_is_refused_is_told_and_not_shown(
    folder: Path, write: Write, postgres: Postgres, address: URL, password: str | None
) -> None:
    write()
    make = f"CREATE ROLE {GUARDED} LOGIN PASSWORD '{SECRET}'"
    postgres.execute("postgres", f"DROP ROLE IF EXISTS {GUARDED}", make)

    said = _said(folder, address.set(username=GUARDED, password=password).render_as_string(hide_password=False))

    assert f"//{GUARDED}@/" in said
    assert re.search(r"password authentication failed|no password supplied", said)
    assert "wrong" not in said


def test_password_may_stand_in_a_file(
    folder: Path, write: Write, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write()
    make = f"CREATE ROLE {GUARDED} LOGIN PASSWORD 'in a file'"
    postgres.execute("postgres", f"DROP ROLE IF EXISTS {GUARDED}", make)
    (tmp_path / "secret").write_text("in a file\n", encoding="utf-8")
    said = postgres.address("postgres", GUARDED).render_as_string()
    monkeypatch.setenv(postgresql.PASSWORD_FILE, str(tmp_path / "secret"))

    engine = create_engine(postgresql.address(said))
    with contextlib.closing(engine.connect()) as connection:
        assert connection.execute(text("SELECT current_user")).scalar() == GUARDED
    engine.dispose()

    monkeypatch.setenv(postgresql.PASSWORD_FILE, str(tmp_path / "none"))
    assert _said(folder, said).endswith(f"VPT_DATABASE_PASSWORD_FILE: {tmp_path}/none: No such file or directory")


def test_database_that_is_not_there_is_told(folder: Path, write: Write, postgres: Postgres) -> None:
    write()

    said = _said(folder, postgres.address("nowhere").render_as_string())

    assert said.endswith('database "nowhere" does not exist')


def test_database_in_which_nothing_may_be_made_is_told(folder: Path, write: Write, postgres: Postgres) -> None:
    write()
    address = postgres.database()
    postgres.execute("postgres", "DROP ROLE IF EXISTS guest", "CREATE ROLE guest LOGIN")

    said = _said(folder, address.set(username="guest").render_as_string())

    assert said.endswith(f"permission denied for database {address.database}")


def test_database_of_another_encoding_is_told(folder: Path, write: Write, postgres: Postgres) -> None:
    write()
    address = postgres.database("ENCODING 'LATIN1' TEMPLATE template0")

    said = _said(folder, address.render_as_string())

    assert said.endswith("its encoding is LATIN1; make it anew: createdb -E UTF8 NAME")


def test_without_its_driver_it_says_how_to_get_it(folder: Path, write: Write) -> None:
    write()
    code = f"""
import sys
sys.modules["psycopg"] = None
from pytest_virtualpytest.exceptions import VirtualPytestError
from virtualpytest_dashboard import serve
try:
    serve.main([{str(folder)!r}], port=0, database="postgresql://me@127.0.0.1/lab")
except VirtualPytestError as error:
    print(error)
"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    todo = "pip install 'virtualpytest[postgresql]'"
    assert done.stdout == f"a PostgreSQL database needs virtualpytest[postgresql]: {todo}\n"


def test_what_postgresql_takes_in_no_text_or_index_is_kept_all_the_same(
    folder: Path, write: Write, address: URL
) -> None:
    noise = "".join(chr(0x4E00 + number * 7 % 20_000) for number in range(3000))  # nothing to compress
    write(noise, "failed", fullName=f"tests#{noise}", statusDetails={"message": "a\0b"})
    write("test_\0", "failed", labels=[{"name": "device", "value": "stb\0"}])

    with client_of(folder, database=address) as client:
        page, found = run_page(client), plain(run_page(client, "?q=a%00b"))
        missing = client.get("/runs/night%00").status_code

    assert noise[:50] in page
    assert "test_\ufffd" in page
    assert "1 test to look at" in found or noise[:50] in found
    assert missing == 404


def test_what_people_made_outlives_the_tables_of_results(address: URL) -> None:
    kept = MetaData()
    note = Table("note", kept, Column("id", Integer, primary_key=True))
    with contextlib.closing(Database(address, kept)) as store, store.writing() as connection:
        connection.execute(insert(note), {"id": 7})
    with contextlib.closing(Database(address)) as results, results.writing() as connection:
        [schema] = connection.execute(text("SELECT current_schema()")).scalars()
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))

    Database(address).close()
    with contextlib.closing(Database(address, kept)) as store, store.reading() as connection:
        assert connection.execute(select(note.c.id)).scalars().all() == [7]
    assert re.fullmatch(r"virtualpytest_results_\d+", schema)


def test_tables_of_somebody_else_are_left_alone(postgres: Postgres, folder: Path, write: Write, address: URL) -> None:
    write("test_zap")
    assert address.database
    postgres.execute(address.database, "CREATE TABLE result (theirs text)", "INSERT INTO result VALUES ('mine')")

    with contextlib.closing(Database(address)) as store:
        assert [row.name for row in Folders([folder], store).all()[0].rows()] == ["test_zap"]

        with store.reading() as connection:
            assert connection.execute(text("SELECT theirs FROM public.result")).scalars().all() == ["mine"]


def test_server_that_was_started_again_is_found_again(folder: Path, write: Write) -> None:
    write("test_zap")
    with Postgres() as server, client_of(folder, database=server.database()) as client:
        assert "test_zap" in run_page(client)
        server.stop()
        server.start()

        write("test_power")

        assert "test_power" in run_page(client)


def test_address_is_shown_without_its_password() -> None:
    url = postgresql.address(f"postgres://me:{SECRET}@here:5433/lab?password=hush&sslmode=require")

    assert postgresql.shown(url) == "postgresql://me@here:5433/lab?sslmode=require"
