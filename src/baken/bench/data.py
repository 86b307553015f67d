"""A made-up nation as files: a constituency, and a day's report about it, the same for a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Final

import polars as pl

from baken.bench.ingest import DAY
from baken.core.errors import OutputRefusedError
from baken.specimen.load import REPORT_TYPE, write_report
from baken.specimen.nation import Nation, found_nation

_MOST_HOMES: Final = 100_000
"""The report is about so many of the networks; more of them would not change what it costs."""


@dataclass(frozen=True, slots=True)
class WrittenNation:
    """The files, and how much is in them."""

    files: tuple[Path, ...]
    organisations: int
    assets: int
    rows: int


def write_nation(
    folder: Path, *, assets: int, rows: int, seed: int, progress: Callable[[int], None]
) -> WrittenNation:
    """Write ``organisations.csv``, ``contacts.csv`` and ``assets.csv`` with the columns that
    ``baken import`` takes, and a Shadowserver report of `rows` rows, into `folder`.

    Prefixes have the lengths that registries and operators hand out, on ranges that nobody holds.
    Raises `OutputRefusedError`.
    """
    nation = found_nation(assets=assets, seed=seed)
    report = folder / f"{DAY}-{REPORT_TYPE}-nl.csv"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tables = _tables(nation)
        files = [folder / f"{name}.csv" for name in tables]
        for path, table in zip(files, tables.values(), strict=True):
            table.write_csv(path)
        write_report(
            report, rows=rows, seed=seed, networks=_homes(nation), day=DAY, progress=progress
        )
    except OSError as error:
        raise OutputRefusedError(
            f"{folder} cannot be written: {error.strerror or error}.",
            remedy="Name a folder that you may write to, with room on its disk.",
        ) from error
    return WrittenNation(
        files=(*files, report),
        organisations=tables["organisations"].height,
        assets=tables["assets"].height,
        rows=rows,
    )


def _tables(nation: Nation) -> dict[str, pl.DataFrame]:
    held = pl.DataFrame(nation.assets)
    reference = pl.format("org-{}", "organisation_id")
    organisations = held.select("organisation_id").unique().sort("organisation_id")
    value = pl.coalesce("network", "domain", pl.format("AS{}", "asn"))
    days = [pl.col(name).dt.strftime("%Y-%m-%d") for name in ("valid_from", "valid_until")]
    return {
        "organisations": organisations.select(
            reference=reference, name=pl.format("Bedrijf {}", "organisation_id"), sector=pl.lit("")
        ),
        "contacts": organisations.select(
            organisation=reference,
            name=pl.lit(""),
            role=pl.lit("security"),
            email=pl.format("security@bedrijf-{}.example", "organisation_id"),
            phone=pl.lit(""),
            language=pl.lit("nl"),
            channel=pl.lit("mail"),
        ),
        "assets": held.select(reference.alias("organisation"), value.alias("asset"), *days),
    }


def _homes(nation: Nation) -> list[IPv4Network]:
    count = min(nation.ipv4.size, _MOST_HOMES)
    pairs = zip(nation.ipv4[:count].tolist(), nation.ipv4_lengths[:count].tolist(), strict=True)
    return [IPv4Network(pair) for pair in pairs]
