"""What was read of a run that is no more is forgotten."""

from __future__ import annotations

from sqlalchemy import Connection, delete

from virtualpytest_dashboard.store.schema import METADATA, RUN


def forget(connection: Connection, run: int) -> None:
    """Remove all rows of *run*."""
    for table in reversed(METADATA.sorted_tables):
        if "run" in table.c:
            connection.execute(delete(table).where(table.c.run == run))
    connection.execute(delete(RUN).where(RUN.c.id == run))
