"""Makes the next dump that migrations are tested with: `python tests/migrations/make_dump.py NAME`.

Starts an embedded server of its own, migrates it, lives the made-up world in it, and writes
`dumps/NNNN-NAME.sql`. Run it on the code as it stands before a change of the tables.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg

DUMPS: Final = Path(__file__).parent / "dumps"
MIGRATED_AT: Final = datetime(2026, 6, 29, tzinfo=UTC)

_LAYOUT: Final = ("--no-owner", "--no-privileges", "--no-comments", "--inserts")
# What only psql understands, or only a server as new as ours; and remarks that differ each time.
_NOT_PORTABLE: Final = re.compile(r"\\(un)?restrict |SET transaction_timeout |--( |$)")
_HEADER: Final = """\
-- A made-up Baken database, to test migrations with; written by tests/migrations/make_dump.py.
-- It stands at the migrations that its table django_migrations names. Do not edit it.
"""


def main(name: str) -> Path:
    """Write the next dump, and give its path."""
    number = len(list(DUMPS.glob("*.sql"))) + 1
    path = DUMPS / f"{number:04d}-{name}.sql"
    with tempfile.TemporaryDirectory(prefix="baken-dump-") as folder:
        path.write_text(_HEADER + _dump_of_made_up_world(Path(folder)), encoding="utf-8")
    return path


def _dump_of_made_up_world(folder: Path) -> str:
    from baken.settings.embedded import start_embedded_server, stop_embedded_server

    url = start_embedded_server(folder)
    try:
        _fill(url, folder)
        return portable(_pg_dump(url))
    finally:
        stop_embedded_server(folder)


def _fill(url: str, folder: Path) -> None:
    for variable in [name for name in os.environ if name.startswith("BAKEN_")]:
        del os.environ[variable]
    os.environ.update(
        BAKEN_HOME=str(folder / "home"),
        BAKEN_DATABASE_URL=url,
        BAKEN_LOG_LEVEL="warning",
        DJANGO_SETTINGS_MODULE="baken.settings.django_settings",
    )
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from migrations.made_up_world import fill_database

    call_command("migrate", verbosity=0)
    fill_database(folder)
    connections.close_all()
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE django_migrations SET applied = %s", [MIGRATED_AT])


def _pg_dump(url: str) -> str:
    with psycopg.connect(url) as connection:  # pg_dump may not be older than the server
        (programs,) = connection.execute(
            "SELECT setting FROM pg_config WHERE name = 'BINDIR'"
        ).fetchone() or ("",)
    command = [Path(programs) / "pg_dump", *_LAYOUT, f"--dbname={url}"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def portable(dump: str) -> str:
    """`dump` as any server from PostgreSQL 15 on takes it, without psql."""
    kept = [line for line in dump.splitlines() if not _NOT_PORTABLE.match(line)]
    return "\n".join(_single_spaced(kept)) + "\n"


def _single_spaced(lines: list[str]) -> Iterator[str]:
    before = ""
    for line in lines:
        if line or before:
            yield line.rstrip()
        before = line


if __name__ == "__main__":
    if len(sys.argv) != 2 or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", sys.argv[1]):
        sys.exit("Give the dump a name in kebab case, such as: make_dump.py cases-in-occasions")
    sys.path.insert(0, str(Path(__file__).parent.parent))
    print(main(sys.argv[1]))
