"""Django's back end for SQLite; who waits to write is let in, however busy another writer is.

SQLite only asks now and then whether its lock is free. A writer that is busy lets go of it for moments, in which nobody
may happen to ask, so that others wait until they fail. Here writers pass a turnstile: who waits for the lock stands in
it and asks all the time, and who comes after him, be it the one who has just let go, waits behind. Who is killed is out
of it.
"""

import sqlite3
from fcntl import LOCK_EX, LOCK_UN, flock
from pathlib import Path
from time import monotonic
from typing import Any, Self

from django.db.backends.sqlite3 import base

PATIENCE = 20.0  # seconds for the lock, once in the turnstile
AT_ONCE = 1  # milliseconds that SQLite waits by itself: the longer, the more rarely it asks


class Turnstile:
    """A file that one writer at a time has locked: of all processes, and of all threads, as each opens its own."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w")
        self.close = self._file.close

    def __enter__(self) -> Self:
        flock(self._file, LOCK_EX)
        return self

    def __exit__(self, *_error: object) -> None:
        flock(self._file, LOCK_UN)


class Connection(sqlite3.Connection):
    """One with its turnstile."""

    turnstile: Turnstile

    def close(self) -> None:
        """Close both."""
        super().close()
        self.turnstile.close()


class Cursor(base.SQLiteCursorWrapper):
    """Begins transactions in turn, and what stands alone where the lock is taken."""

    connection: Connection

    def execute(self, query: Any, params: Any = None) -> Any:
        """Run a statement. Raises OperationalError where others have the lock for longer than PATIENCE."""
        if query.startswith("BEGIN"):
            return self._in_turn(query, params)
        try:
            return super().execute(query, params)
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or self.connection.in_transaction:
                raise
        return self._in_turn(query, params)

    def _in_turn(self, query: Any, params: Any) -> Any:
        with self.connection.turnstile:
            until = monotonic() + PATIENCE
            while True:
                try:
                    return super().execute(query, params)
                except sqlite3.OperationalError as error:
                    if not _is_busy(error) or monotonic() > until:
                        raise


class DatabaseWrapper(base.DatabaseWrapper):
    """Connections to a file, each with its turnstile."""

    def get_connection_params(self) -> dict[str, Any]:
        """While it is opened, a connection waits as SQLite does."""
        return {**super().get_connection_params(), "factory": Connection, "timeout": PATIENCE}

    def get_new_connection(self, conn_params: Any) -> Any:
        """An open connection."""
        made = super().get_new_connection(conn_params)
        made.turnstile = Turnstile(Path(f"{conn_params['database']}-turn"))
        made.execute(f"PRAGMA busy_timeout = {AT_ONCE}")
        return made

    def create_cursor(self, name: str | None = None) -> Any:  # noqa: ARG002 (Django's)
        """One of ours."""
        return self.connection.cursor(factory=Cursor)


def _is_busy(error: sqlite3.OperationalError) -> bool:
    """Whether somebody else has the lock, whatever for."""
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
