"""What checked rows change in the database: compared by key, before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from baken.constituency.models import Asset, Contact, Organisation, Route
from baken.constituency.sheets.outcome import TableCounts
from baken.constituency.sheets.reading import GatheredRows
from baken.constituency.sheets.rows import AssetRow, ContactRow, OrganisationRow, RouteRow

Row = TypeVar("Row", OrganisationRow, ContactRow, AssetRow, RouteRow)
Model = TypeVar("Model", Organisation, Contact, Asset, Route)


@dataclass(frozen=True, slots=True)
class Difference(Generic[Model]):
    """What the rows of one table change in the database."""

    created: list[Model]
    updated: list[Model]
    unchanged: int

    def counts(self, rows: GatheredRows[Any]) -> TableCounts:
        """The same in numbers, with the rows that were refused before."""
        return TableCounts(
            created=len(self.created),
            updated=len(self.updated),
            unchanged=self.unchanged + rows.repeated,
            refused=rows.refused,
        )


def difference_between(
    rows: Iterable[Row], known: Mapping[Any, Model], make: Callable[[Row], Model]
) -> Difference[Model]:
    """Compare `rows` with the `known` rows of the database by key; changes `known` ones."""
    created: list[Model] = []
    updated: list[Model] = []
    unchanged = 0
    for row in rows:
        model = known.get(row.key)
        if model is None:
            created.append(make(row))
        elif bring_up_to_date(model, row):
            updated.append(model)
        else:
            unchanged += 1
    return Difference(created, updated, unchanged)


def bring_up_to_date(model: Model, row: Row) -> bool:
    """Give `model` what `row` says; whether that was anything new."""
    news = [
        name
        for name in row.attributes
        if name in row.said and getattr(model, name) != getattr(row, name)
    ]
    for name in news:
        setattr(model, name, getattr(row, name))
    return bool(news)
