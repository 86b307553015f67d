"""What every command needs first: settings, a database with its tables, and Django."""

from __future__ import annotations

import atexit
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import platformdirs

from baken.core.errors import DatabaseUnavailableError
from baken.settings.environment import Settings, read_settings
from baken.settings.log import configure_log
from baken.settings.process import begin_process

DEMO_HOME = Path(platformdirs.user_data_dir("baken-demo"))
"""Where the demo keeps its own database, store and mails."""

_DEMO: Final[Mapping[str, str]] = {
    "BAKEN_HOME": str(DEMO_HOME),
    "BAKEN_ALLOW_DOCUMENTATION_RANGES": "yes",
}
_MIGRATION_LOCK: Final = 7311  # any number will do, if every process uses the same


def begin() -> Settings:
    """Read the settings, make sure that the database runs and has its tables; gives the
    settings."""
    return _begin_with(read_settings(os.environ))


def begin_reading() -> Settings:
    """Like `begin`, for a command that only reads.

    It uses the demo's data when there is a demo and no data of one's own. Commands that write or
    send never do.
    """
    settings = read_settings(os.environ)
    if _names_a_place(os.environ) or settings.home.exists() or not DEMO_HOME.exists():
        return _begin_with(settings)
    print(f"Looking at the demo in {DEMO_HOME}; set BAKEN_HOME for your own.", file=sys.stderr)
    return _begin_with(read_settings({**os.environ, **_DEMO}))


def begin_demo() -> Settings:
    """Like `begin`, with the demo's own home, whatever the environment says."""
    return _begin_with(read_settings({**_DEMO, "BAKEN_SMTP_SECURITY": "none"}))


@contextmanager
def begin_bench() -> Iterator[Settings]:
    """Like `begin`, with an embedded server and a home of its own that go when the block ends."""
    from baken.settings.embedded import start_embedded_server, stop_embedded_server

    with tempfile.TemporaryDirectory(prefix="baken-bench-") as folder:
        home = Path(folder)
        start_embedded_server(home)
        stop_embedded_server(home)  # some of its settings only take effect at the second start
        try:
            yield _begin_with(read_settings({"BAKEN_HOME": folder}))
        finally:
            from django.db import connections

            connections.close_all()
            stop_embedded_server(home)


def _names_a_place(environment: Mapping[str, str]) -> bool:
    """Whether the environment names a place for one's own data."""
    return any(
        name in environment
        for name in (
            "BAKEN_HOME", "BAKEN_DATABASE_URL", "BAKEN_DATABASE_URL_FILE", "BAKEN_STORE_URL",
        )
    )  # fmt: skip


def _begin_with(settings: Settings) -> Settings:
    database_url = settings.database_url
    if not database_url:
        from baken.settings.embedded import start_embedded_server

        database_url = start_embedded_server(settings.home)
    begin_process(settings, database_url=database_url)
    configure_log(settings.log_level)
    _set_up_django()
    return settings


def _set_up_django() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "baken.settings.django_settings"
    import django
    from django.core.management import call_command
    from django.db import connection, connections
    from django.db.migrations.executor import MigrationExecutor
    from django.db.utils import OperationalError

    django.setup()
    atexit.register(connections.close_all)  # before the embedded server is stopped
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            with connection.cursor() as cursor:  # two first commands at once: one makes the tables
                cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
                call_command("migrate", verbosity=0)
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])
    except OperationalError as error:
        raise DatabaseUnavailableError(
            f"The database does not answer: {str(error).strip().splitlines()[0]}.",
            remedy="Check that it runs and that BAKEN_DATABASE_URL is right, then give the same "
            "command again: what was finished is kept, what was not starts over.",
        ) from error
