"""A database of its own for a test that commits, or that moves the tables themselves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg


@contextmanager
def own_database(name: str) -> Iterator[str]:
    """The URL of an empty database on the server of the tests; it goes when the block ends."""
    server = os.environ["BAKEN_DATABASE_URL"]
    _drop(server, name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        _drop(server, name)


@contextmanager
def django_connected_to(name: str) -> Iterator[None]:
    """Lets Django's connection lead to the database `name` of that server, and then back."""
    from django.db import connections

    connection = connections["default"]
    was = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = was


def _drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
