"""The tables of people. Of a secret there is only ever a digest here; times are seconds since the epoch."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Integer, PrimaryKeyConstraint, String, Table

from virtualpytest_dashboard.store.keeping import KEPT


def _number() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _user() -> Column[int]:
    return Column("user", Integer, ForeignKey("people_user.id"), nullable=False, index=True)


USER = Table(
    "people_user", KEPT, _number(),
    Column("name", String(64), unique=True, nullable=False),
    Column("role", String(10), nullable=False),
    Column("password", String(200), nullable=False),  # as argon2 writes it; empty until one is chosen
    Column("created", Float, nullable=False),
    sqlite_autoincrement=True,  # the number of a user who is gone is nobody else's
)  # fmt: skip
TEAM = Table(
    "people_team", KEPT, _number(), Column("name", String(64), unique=True, nullable=False), sqlite_autoincrement=True
)
MEMBER = Table(
    "people_member", KEPT,
    Column("team", Integer, ForeignKey("people_team.id"), nullable=False),
    _user(),
    PrimaryKeyConstraint("team", "user"),
)  # fmt: skip
OWNED = Table(
    "people_owned", KEPT,
    Column("kind", String(10), nullable=False),  # host, device, campaign, run
    Column("name", String(200), nullable=False),
    Column("team", Integer, ForeignKey("people_team.id"), nullable=False),
    PrimaryKeyConstraint("kind", "name", "team"),
)  # fmt: skip
SESSION = Table(
    "people_session", KEPT, _number(),
    Column("digest", String(64), unique=True, nullable=False),
    _user(),
    Column("created", Float, nullable=False),
    Column("seen", Float, nullable=False),
    Column("address", String(64), nullable=False),
    Column("browser", String(120), nullable=False),
    sqlite_autoincrement=True,
)  # fmt: skip
TOKEN = Table(
    "people_token", KEPT, _number(),
    Column("digest", String(64), unique=True, nullable=False),
    _user(),
    Column("name", String(64), nullable=False),
    Column("scopes", String(100), nullable=False),  # with blanks between
    Column("created", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("used", Float),
    sqlite_autoincrement=True,
)  # fmt: skip
LINK = Table(
    "people_link", KEPT,
    Column("digest", String(64), primary_key=True),
    Column("user", Integer),  # who chooses a password with it; nobody: the first admin
    Column("until", Float, nullable=False),
)  # fmt: skip
ATTEMPT = Table(
    "people_attempt", KEPT,
    Column("what", String(64), primary_key=True),  # a digest: what was typed as a name may be a password
    Column("failures", Integer, nullable=False),
    Column("until", Float, nullable=False),
)  # fmt: skip
DEED = Table(
    "people_deed", KEPT, _number(),
    Column("at", Float, nullable=False, index=True),
    Column("who", String(64), nullable=False, index=True),
    Column("token", String(64), nullable=False),
    Column("what", String(64), nullable=False, index=True),
    Column("about", String(300), nullable=False),
    Column("address", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    sqlite_autoincrement=True,
)  # fmt: skip
