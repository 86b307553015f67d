"""Observations as Parquet files by feed and day, so that a new threat can be looked for in them.

The files lie in a *place*: a folder, or a bucket of an object storage. A file is written once and
never changed. It counts when the database lists it, with its length and hash, and only then: what a
crash leaves behind is not listed, so nobody reads it, and a sweep removes it.

`ObservationStore` is the door; `ReportWriter` writes one report; `layout` says how the files are
laid out; `local` and `objects` are the places.
"""

from baken.store.files import ListedFile, PlacedFile, WrittenFile
from baken.store.objects import S3Access
from baken.store.observation_store import ObservationStore, open_store
from baken.store.writing import ReportWriter

__all__ = [
    "ListedFile",
    "ObservationStore",
    "PlacedFile",
    "ReportWriter",
    "S3Access",
    "WrittenFile",
    "open_store",
]
