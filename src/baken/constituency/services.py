"""What may be done to the constituency: import it, rehearse that, export it."""

from __future__ import annotations

from baken.constituency.sheets.exporting import ExportedConstituency, export_constituency
from baken.constituency.sheets.importing import import_constituency, rehearse_import
from baken.constituency.sheets.outcome import (
    ImportedFile,
    ImportNote,
    ImportOutcome,
    ImportProblem,
    Overlap,
    OverlapRelation,
    Overlaps,
    Table,
    TableCounts,
)

__all__ = [
    "ExportedConstituency",
    "ImportNote",
    "ImportOutcome",
    "ImportProblem",
    "ImportedFile",
    "Overlap",
    "OverlapRelation",
    "Overlaps",
    "Table",
    "TableCounts",
    "export_constituency",
    "import_constituency",
    "rehearse_import",
]
