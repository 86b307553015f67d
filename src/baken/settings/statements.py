"""A query that the ORM writes once: to write it takes longer than to run it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL


@dataclass(frozen=True, slots=True)
class Blank:
    """Stands in a query, as a parameter of a ``RawSQL``, for a value that comes when it is run."""

    name: str


def is_any_of(column: str, *, blank: str) -> RawSQL:
    """Whether `column`, a table's and its own name, is in the list that comes under that name."""
    return RawSQL(f"{column} = ANY(%s)", [Blank(blank)], output_field=BooleanField())  # noqa: S611


class Statement:
    """The SQL of a ``values_list``, kept, and run with values in the place of its blanks.

    For what is asked thousands of times in a minute. `make` gives the query, when it is first run.
    """

    def __init__(self, make: Callable[[], QuerySet[Any, Any]]) -> None:
        self._make = make

    @cached_property
    def _written(self) -> tuple[str, tuple[Any, ...]]:
        return self._make().query.sql_with_params()

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """The rows as the driver reads them. A blank without a value raises ``KeyError``."""
        sql, params = self._written
        filled = [values[one.name] if isinstance(one, Blank) else one for one in params]
        with connection.cursor() as cursor:
            cursor.execute(sql, filled)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
