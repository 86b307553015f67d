"""The columns of a case, in one table: what a sighting brings, and how rows of one system add up.

The stage, COPY and the statements that write cases are all derived from `COLUMNS`
(`baken.cases.statement_text`), so that a new column is one line here, a field of the model and its
migration.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Taken(Enum):
    """From which of the rows about one system a column is taken."""

    KEY = auto()
    """It is the same in all of them."""
    STRONGEST = auto()
    """From the row with the strongest rule: how the system was matched."""
    SUMMED = auto()
    """From all rows together: a statement of its own says how."""
    LAST = auto()
    """From the row that was seen last."""
    STAGE = auto()
    """It is used only to add up; it is not a column of the case."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a staged sighting, and of the case unless it serves the stage only."""

    name: str
    type: str
    """The type of the staged column, as PostgreSQL writes it."""
    taken: Taken = Taken.LAST
    absent_as: str | None = None
    """What a case holds where a row says nothing, in SQL; None where each row says something."""


# Byte order sorts quicker than any language's.
_KEY_TEXT: Final = 'text COLLATE "C"'

COLUMNS: Final = (
    Column("organisation_id", "bigint", Taken.KEY),
    Column("finding_kind", _KEY_TEXT, Taken.KEY),
    Column("system", _KEY_TEXT, Taken.KEY),
    Column("relation", "text", Taken.STRONGEST),
    Column("rule", "text", Taken.STRONGEST),
    Column("asset_id", "bigint", Taken.STRONGEST, absent_as="NULL"),
    Column("is_shared", "boolean", Taken.STRONGEST),
    Column("severity", "smallint", Taken.SUMMED),
    Column("first_seen_at", "timestamptz", Taken.SUMMED),
    Column("last_seen_at", "timestamptz", Taken.SUMMED),
    Column("sightings", "bigint", Taken.SUMMED),
    Column("feed", "text"),
    Column("report_type", "text"),
    Column("rsit_taxonomy", "text"),
    Column("rsit_type", "text"),
    Column("affected_role", "text"),
    Column("address_role", "text"),
    Column("address", "inet", absent_as="NULL"),
    Column("port", "integer", absent_as="NULL"),
    Column("transport", "text", absent_as="''"),
    Column("host_name", "text", absent_as="''"),
    Column("url", "text", absent_as="''"),
    Column("email_domain", "text", absent_as="''"),
    Column("asn", "bigint", absent_as="NULL"),
    Column("cves", "text[]", Taken.SUMMED),
    Column("product", "text", absent_as="''"),
    Column("tlp", "text"),
    Column("evidence", "jsonb"),
    Column("details", "jsonb", Taken.SUMMED),
    Column("news", "text[]", Taken.SUMMED),
    Column("has_details", "boolean", Taken.STAGE),
    Column("strength", "smallint", Taken.STAGE),
)
"""In the order in which a sighting is copied."""

SIGHTING_COLUMNS: Final = tuple(column.name for column in COLUMNS)
"""The columns of a sighting, in the order in which `sightings.copy_text` writes them."""
