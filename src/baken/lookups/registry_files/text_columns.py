"""Rows of short texts in columns: each text is kept once, a row is a number a column."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_PIECE: Final = 1 << 16


@dataclass(slots=True)
class TextColumnsBuilder:
    """Collects rows and turns them into columns piece by piece, so that memory stays flat."""

    names: tuple[str, ...]
    length: int = 0
    _rows: list[tuple[str, ...]] = field(default_factory=list)
    _pieces: list[pa.RecordBatch] = field(default_factory=list)

    def add(self, *values: str) -> None:
        """Add one row, a value for each of `names`."""
        self._rows.append(values)
        self.length += 1
        if len(self._rows) >= _PIECE:
            self._flush()

    def build(self) -> TextColumns:
        """The columns of all rows; the builder is empty then."""
        self._flush()
        schema = pa.schema([(name, pa.dictionary(pa.int32(), pa.string())) for name in self.names])
        table = pa.Table.from_batches(self._pieces, schema=schema)
        self._pieces.clear()
        columns = [column.unify_dictionaries().combine_chunks() for column in table.columns]
        return TextColumns(
            self.names,
            self.length,
            tuple(column.indices.to_numpy() for column in columns),
            tuple(column.dictionary for column in columns),
        )

    def _flush(self) -> None:
        if self._rows:
            columns = [
                pa.array(values, pa.string()).dictionary_encode()
                for values in zip(*self._rows, strict=True)
            ]
            self._pieces.append(pa.RecordBatch.from_arrays(columns, names=list(self.names)))
            self._rows.clear()


@dataclass(frozen=True, slots=True)
class TextColumns:
    """The rows that were collected."""

    names: tuple[str, ...]
    length: int
    _codes: tuple[npt.NDArray[np.int32], ...]
    _texts: tuple[pa.StringArray, ...]

    def row(self, place: int) -> dict[str, str]:
        """The row at `place`, by the names of the columns."""
        return {
            name: texts[int(codes[place])].as_py()
            for name, codes, texts in zip(self.names, self._codes, self._texts, strict=True)
        }

    def column(self, name: str) -> pa.StringArray:
        """One column, a text a row."""
        place = self.names.index(name)
        return self._texts[place].take(pa.array(self._codes[place]))


class KeyedRows:
    """Rows of `TextColumns` that are found by a registry and a handle."""

    def __init__(self, columns: TextColumns) -> None:
        keys = pc.binary_join_element_wise(
            columns.column("registry"), columns.column("handle"), ":"
        )
        self._order = pc.sort_indices(keys)
        self._keys = keys.take(self._order)
        self._columns = columns

    def rows(self, registry: str, handle: str) -> list[dict[str, str]]:
        """The rows with this handle, in no order of meaning; none for an empty one."""
        if not handle:
            return []
        wanted = f"{registry}:{handle}"
        place = bisect_left(self._keys, wanted, key=_text)
        found = []
        while place < len(self._keys) and _text(self._keys[place]) == wanted:
            found.append(self._columns.row(self._order[place].as_py()))
            place += 1
        return found


def _text(scalar: pa.StringScalar) -> str:
    return str(scalar.as_py())
