"""What an occasion covers: the same selection over one case and over columns of observations."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True, slots=True)
class Selection:
    """What is covered; an empty side is left open."""

    finding_kinds: tuple[str, ...] = ()
    cves: tuple[str, ...] = ()
    """Covered is what names any of them; upper case."""
    severities: tuple[int, ...] = ()
    feeds: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    """Covered is a product whose text, with its version, holds any of these, in any case."""

    def columns(self) -> tuple[str, ...]:
        """The columns of OBSERVATION_SCHEMA that `rows_of` looks at."""
        sides = {
            "finding_kind": self.finding_kinds,
            "cves": self.cves,
            "severity": self.severities,
            "source": self.feeds,
            "product": self.products,
        }
        return tuple(column for column, side in sides.items() if side)

    def covers(
        self, *, finding_kind: str, cves: Collection[str], severity: int, feed: str, product: str
    ) -> bool:
        """Whether a case with these facts is covered."""
        text = product.casefold()
        return (
            (not self.finding_kinds or finding_kind in self.finding_kinds)
            and (not self.cves or bool(set(cves) & set(self.cves)))
            and (not self.severities or severity in self.severities)
            and (not self.feeds or feed in self.feeds)
            and (not self.products or any(one.casefold() in text for one in self.products))
        )

    def rows_of(self, observations: pa.RecordBatch) -> pa.RecordBatch:
        """The rows of `observations` that are covered; it must have `columns`."""
        mask = None
        for column in self.columns():
            covered = self._mask(column, observations[column])
            mask = covered if mask is None else pc.and_(mask, covered)
        return observations if mask is None else observations.filter(mask)

    def _mask(self, column: str, values: pa.Array) -> pa.Array:
        if column == "cves":
            is_named = pc.is_in(pc.list_flatten(values), value_set=pa.array(self.cves, pa.string()))
            rows = pc.list_parent_indices(values).filter(is_named)
            every = pa.array(range(len(values)), rows.type)
            return pc.is_in(every, value_set=pc.unique(rows))
        if column == "product":
            filled = pc.fill_null(values, "")
            mask = pc.match_substring(filled, self.products[0], ignore_case=True)
            for text in self.products[1:]:
                mask = pc.or_(mask, pc.match_substring(filled, text, ignore_case=True))
            return mask
        sides = {
            "finding_kind": pa.array(self.finding_kinds, pa.string()),
            "severity": pa.array(self.severities, pa.uint8()),
            "source": pa.array(self.feeds, pa.string()),
        }
        return pc.is_in(values, value_set=sides[column])
