"""What a database holds, as values that can be compared, and the migrations that it stands at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import psycopg
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from psycopg.rows import dict_row

_TABLES: Final = """
    SELECT relname AS name, coalesce(array_agg(attname ORDER BY attnum)
        FILTER (WHERE attname IS NOT NULL), '{}') AS key
    FROM pg_class AS t
    LEFT JOIN pg_index AS i ON i.indrelid = t.oid AND i.indisprimary
    LEFT JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = ANY (i.indkey)
    WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace
    GROUP BY relname ORDER BY relname
"""

# The tables themselves, as rows too: how each column, constraint, index and trigger is defined.
_DEFINITIONS: Final[Mapping[str, str]] = {
    "columns": """
        SELECT table_name || '.' || column_name AS name, udt_name, character_maximum_length,
            is_nullable, column_default, is_identity
        FROM information_schema.columns WHERE table_schema = 'public'
    """,
    "constraints": """
        SELECT conrelid::regclass || '.' || conname AS name, pg_get_constraintdef(oid) AS definition
        FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND contype <> 'n'
    """,
    "indexes": """
        SELECT tablename || '.' || indexname AS name, indexdef AS definition
        FROM pg_indexes WHERE schemaname = 'public'
    """,
    "triggers": """
        SELECT tgrelid::regclass || '.' || tgname AS name, pg_get_triggerdef(oid) AS definition
        FROM pg_trigger WHERE NOT tgisinternal
    """,
}

Row = dict[str, Any]
Snapshot = dict[str, dict[str, Row]]
"""By table and primary key: the values of each row, by column."""
Migrated = frozenset[tuple[str, str]]
"""The migrations that a database stands at: app and name."""


def load(dump: Path, *, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(dump.read_bytes())


def rows_of(url: str, query: str) -> list[Row]:
    with psycopg.connect(url, row_factory=dict_row) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        return connection.execute(query.encode()).fetchall()


def snapshot(url: str) -> Snapshot:
    """Everything that the database holds, and how its tables are made."""
    taken: Snapshot = {}
    for table in rows_of(url, _TABLES):
        whole = rows_of(url, f'SELECT to_jsonb(t) AS row FROM "{table["name"]}" AS t')  # noqa: S608 - of the catalogue
        rows = [one["row"] for one in whole]
        taken[table["name"]] = {
            json.dumps([row[column] for column in table["key"] or sorted(row)]): row
            for row in sorted(rows, key=lambda row: [str(row[column]) for column in table["key"]])
        }
    for kind, query in _DEFINITIONS.items():
        taken[kind] = {row["name"]: row for row in rows_of(url, query)}
    return taken


def differences(before: Snapshot, after: Snapshot) -> list[str]:
    """What is not the same, a line each: the table, the key, the column, and both values."""
    lines = []
    for table in sorted(before.keys() | after.keys()):
        was, became = before.get(table, {}), after.get(table, {})
        if table not in before or table not in after:
            lines.append(f"{table}: {'is gone' if table in before else 'is new'}")
        for key in sorted(was.keys() | became.keys()):
            if key not in was or key not in became:
                lines.append(f"{table} {key}: {'is gone' if key in was else 'is new'}")
                continue
            lines += [
                f"{table} {key}: {column} was {was[key].get(column)!r}, "
                f"is {became[key].get(column)!r}"
                for column in sorted(was[key].keys() | became[key].keys())
                if was[key].get(column) != became[key].get(column)
            ]
    return lines


def migrated(url: str) -> Migrated:
    return frozenset(
        (row["app"], row["name"]) for row in rows_of(url, "SELECT app, name FROM django_migrations")
    )


def migrate_back(state: Migrated) -> None:
    """Undo every migration that is not in `state`."""
    executor = MigrationExecutor(connection)
    graph = executor.loader.graph
    last = [
        (app, name)
        for app, name in sorted(state)
        if not any(child.key in state for child in graph.node_map[app, name].children
                   if child.key[0] == app)
    ]  # fmt: skip
    apps = {app for app, _ in state}
    executor.migrate([*last, *((app, None) for app in executor.loader.migrated_apps - apps)])
