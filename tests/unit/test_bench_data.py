"""What `baken bench data` writes is the same for a seed, and readable."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

from baken.bench.data import WrittenNation, write_nation
from baken.feeds import FEEDS


def written(folder: Path, *, seed: int) -> WrittenNation:
    return write_nation(folder, assets=600, rows=2_000, seed=seed, progress=lambda _: None)


def digests(nation: WrittenNation) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in nation.files]


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    one, same = written(tmp_path / "one", seed=1), written(tmp_path / "same", seed=1)
    other = written(tmp_path / "other", seed=2)
    assert digests(one) == digests(same)
    assert not set(digests(one)[2:]) & set(digests(other)[2:])


def test_every_asset_has_an_organisation_and_every_row_can_be_read(tmp_path: Path) -> None:
    nation = written(tmp_path, seed=1)
    organisations, _, assets, report = nation.files
    with organisations.open() as file:
        known = {row["reference"] for row in csv.DictReader(file)}
    with assets.open() as file:
        rows = list(csv.DictReader(file))
    assert {row["organisation"] for row in rows} == known
    assert len(rows) == nation.assets
    assert all(row["asset"] for row in rows)
    pieces = list(FEEDS["shadowserver"].open_report(report).batches())
    assert sum(piece.observations.num_rows for piece in pieces) == nation.rows
