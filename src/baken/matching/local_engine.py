"""The engine of one machine: reads ahead, and matches in as many threads as processors."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import TypeVar

import pyarrow as pa

from baken.core.errors import StoredFileDamagedError
from baken.matching import Matcher, Work
from baken.pipeline.ahead import worked_ahead

Source = TypeVar("Source")


class LocalEngine:
    """Does work with a matcher of this process; what is in memory does not grow with the work."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher

    def run(self, sources: Sequence[Source], work: Work[Source]) -> Generator[pa.Table, None, None]:
        """See `baken.matching.Engine.run`."""

        def done(piece: tuple[Source, pa.RecordBatch | StoredFileDamagedError]) -> pa.Table:
            source, read = piece
            if isinstance(read, StoredFileDamagedError):
                return work.on_damage(source, read)
            return work.on_match(source, read, self._matcher.match(read))

        pieces = read_pieces(sources, work)
        with closing(worked_ahead(pieces, done, threads=os.cpu_count() or 1)) as ahead:
            yield from ahead


def read_pieces(
    sources: Sequence[Source], work: Work[Source]
) -> Iterator[tuple[Source, pa.RecordBatch | StoredFileDamagedError]]:
    """The pieces of each source; where it is damaged, the error ends it and the next follows."""
    for source in sources:
        try:
            for observations in work.read(source):
                yield source, observations
        except StoredFileDamagedError as error:
            yield source, error
