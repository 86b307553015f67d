"""What may be done to the constituency: import it, try that in a dry run, export it, discover.

The app's door for writing; `selectors` is the one for reading, and `models` is imported elsewhere
for what refers to an organisation, a contact or an asset.
"""

from __future__ import annotations

from baken.constituency.discovered import (
    DiscoveredRoute,
    add_route_to,
    end_discovered_route,
    forget_discovered,
    remove_discovered,
    write_discovered_organisation,
)
from baken.constituency.overlaps import Overlap, OverlapRelation, Overlaps
from baken.constituency.sheets.exporting import ExportedConstituency, export_constituency
from baken.constituency.sheets.importing import dry_run_import, import_constituency
from baken.constituency.sheets.outcome import (
    ImportedFile,
    ImportNote,
    ImportOutcome,
    ImportProblem,
    Table,
    TableCounts,
)

__all__ = [
    "DiscoveredRoute",
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
    "add_route_to",
    "dry_run_import",
    "end_discovered_route",
    "export_constituency",
    "forget_discovered",
    "import_constituency",
    "remove_discovered",
    "write_discovered_organisation",
]
