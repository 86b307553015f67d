"""What becomes of rows that a work reads: owned, of an unknown system, or counted apart."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from baken.core.classification import AddressRole, Tlp


@dataclass(frozen=True, slots=True)
class PartedRows:
    """What becomes of each row of a piece: masks of which one holds in every row."""

    owned: npt.NDArray[np.bool_]
    unknown: npt.NDArray[np.bool_]
    attacker: npt.NDArray[np.bool_]
    role_unknown: npt.NDArray[np.bool_]
    red: npt.NDArray[np.bool_]


def part_rows(observations: pa.RecordBatch, matches: pa.Table) -> PartedRows:
    """What becomes of each row, by its owners in `matches` (MATCH_SCHEMA), its role and its label.

    Of an attacker's address nobody is told, so it is no system whose owner is looked for.
    """
    owned = np.zeros(observations.num_rows, dtype=np.bool_)
    is_owner = pc.equal(matches["relation"].cast(pa.string()), "owner")
    owned[matches["row"].filter(is_owner).to_numpy()] = True
    attacker = _equals(observations["address_role"], AddressRole.ATTACKER_CONTROLLED.value)
    role_unknown = _equals(observations["address_role"], AddressRole.UNKNOWN.value)
    is_red = _equals(observations["tlp"], Tlp.RED.value)
    lists = ~owned & ~attacker & ~role_unknown
    return PartedRows(
        owned=owned,
        unknown=lists & ~is_red,
        attacker=~owned & attacker,
        role_unknown=~owned & role_unknown,
        red=lists & is_red,
    )


def _equals(column: pa.Array, value: str) -> npt.NDArray[np.bool_]:
    mask: npt.NDArray[np.bool_] = pc.equal(column, value).to_numpy(zero_copy_only=False)
    return mask


def written(frame: pl.DataFrame) -> bytes:
    """`frame` as an Arrow stream: in one value of a work's answer, whatever its columns are."""
    stream = io.BytesIO()
    frame.write_ipc_stream(stream, compression="lz4")
    return stream.getvalue()
