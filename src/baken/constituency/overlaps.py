"""Overlaps with assets of another organisation: allowed, and reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.db import connection

OVERLAPS_SHOWN: Final = 100

# One statement for all imported assets; the ORM has no word for && on networks, nor for the names
# above a name. A pair of two imported assets is counted once, from the one with the lower id.
_OVERLAPS: Final = """
WITH imported AS MATERIALIZED (
    SELECT * FROM constituency_asset WHERE id = ANY(%(ids)s)
),
parents AS MATERIALIZED (  -- every name that a registered name is or lies under
    SELECT a.id, array_to_string(labels[nth:], '.') AS domain, nth = 1 AS is_itself
    FROM constituency_asset AS a,
         string_to_array(a.domain, '.') AS labels,
         generate_series(1, cardinality(labels) - 1) AS nth
    WHERE a.domain IS NOT NULL AND EXISTS (SELECT FROM imported WHERE domain IS NOT NULL)
),
pairs AS (
    SELECT i.id AS one, o.id AS other,
           CASE WHEN i.network = o.network THEN 'same'
                WHEN i.network >> o.network THEN 'covers' ELSE 'within' END AS relation
    FROM imported AS i JOIN constituency_asset AS o ON o.network && i.network
    UNION ALL
    SELECT i.id, o.id, 'same' FROM imported AS i JOIN constituency_asset AS o ON o.asn = i.asn
    UNION ALL
    SELECT i.id, o.id, CASE WHEN p.is_itself THEN 'same' ELSE 'within' END
    FROM imported AS i JOIN parents AS p ON p.id = i.id
    JOIN constituency_asset AS o ON o.domain = p.domain
    UNION ALL
    SELECT i.id, p.id, 'covers'
    FROM imported AS i JOIN parents AS p ON p.domain = i.domain AND NOT p.is_itself
)
SELECT count(*) OVER (), mine.reference, i.value, relation, theirs.reference, o.value
FROM pairs
JOIN imported AS i ON i.id = one
JOIN constituency_asset AS o ON o.id = other AND o.organisation_id <> i.organisation_id
JOIN constituency_organisation AS mine ON mine.id = i.organisation_id
JOIN constituency_organisation AS theirs ON theirs.id = o.organisation_id
LEFT JOIN imported AS also ON also.id = other
WHERE (also.id IS NULL OR one < other)
  AND tstzrange(i.valid_from, i.valid_until) && tstzrange(o.valid_from, o.valid_until)
ORDER BY mine.reference, i.kind, i.value, theirs.reference, o.value, one, other
LIMIT %(shown)s
"""


class OverlapRelation(StrEnum):
    """How an imported asset lies to one of another organisation."""

    SAME = "same"
    COVERS = "covers"
    WITHIN = "within"


@dataclass(frozen=True, slots=True)
class Overlap:
    """An imported asset and one of another organisation, valid at the same time."""

    organisation: str
    asset: str
    relation: OverlapRelation
    other_organisation: str
    other_asset: str


@dataclass(frozen=True, slots=True)
class Overlaps:
    """All overlaps counted, the first ones shown."""

    count: int = 0
    first: tuple[Overlap, ...] = ()


def overlaps_of(asset_ids: Sequence[int]) -> Overlaps:
    """The overlaps of these assets with those of other organisations, valid at the same time.

    All are counted; `first` holds up to `OVERLAPS_SHOWN`, by organisation and asset. The same
    network, AS number or domain overlaps, and one that covers or lies within the other.
    """
    if not asset_ids:
        return Overlaps()
    with connection.cursor() as cursor:
        cursor.execute(_OVERLAPS, {"ids": list(asset_ids), "shown": OVERLAPS_SHOWN})
        found = cursor.fetchall()
    first = tuple(
        Overlap(
            organisation=organisation,
            asset=asset,
            relation=OverlapRelation(relation),
            other_organisation=other_organisation,
            other_asset=other_asset,
        )
        for _, organisation, asset, relation, other_organisation, other_asset in found
    )
    return Overlaps(count=found[0][0] if found else 0, first=first)
