"""A new threat, looked for in all that is stored: how long until one knows whom it concerns."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from django.db import transaction

from baken.bench import Measurement, peak_rss_bytes, timed
from baken.bench.database import register
from baken.core.classification import Level, Tlp
from baken.intake.models import Batch
from baken.intake.services import ReportFile, RowCounts, begin_batch, complete_batch
from baken.jobs import EngineName
from baken.jobs.looking_back import look_back_for
from baken.jobs.retention import store_of
from baken.occasions.services import Threat, create_threat_occasion
from baken.settings.environment import Settings
from baken.specimen.nation import NOW, Nation, found_nation, observe_nation
from baken.store import WrittenFile

_SEED: Final = 1
_FILE_ROWS: Final = 1_000_000
_DISTINCT: Final = 10
"""So many files are drawn; more of them are copies, each listed under a name of its own."""
_SHARES: Final = {"ipv4": 0.95, "ipv6": 0.05, "host_name": 0.55, "asn": 0.98}
_EVIDENCE_COLUMNS: Final = 10
_PIECE_ROWS: Final = 250_000


def measure_lookback(
    *, rows: int, assets: int, settings: Settings, engine: EngineName = EngineName.LOCAL
) -> Measurement:
    """Look back over `rows` stored observations, of which an occasion selects every one.

    In an empty database. What is timed is all of `baken lookback` but the start of the program:
    the index made from the database, the files read, matched and summed, and what would become of
    each organisation. `again_seconds` is the same a second time, with the index at hand.
    """
    nation = found_nation(assets=assets, seed=_SEED)
    register(nation.assets)
    files = _fill_store(nation, rows=rows, settings=settings)
    create_threat_occasion(
        Threat(
            key="bench", title="A threat", likelihood=Level.HIGH, impact=Level.HIGH, tlp=Tlp.AMBER,
            advice_nl="Doe dit.", advice_en="Do this.", finding_kinds=("open-rdp",),
        )
    )  # fmt: skip
    with timed() as watch:
        found = look_back_for(
            "bench", settings=settings, progress=lambda _: None, engine_name=engine
        )
    with timed() as again:
        look_back_for("bench", settings=settings, progress=lambda _: None, engine_name=engine)
    return Measurement(
        measured=f"stored rows with {_EVIDENCE_COLUMNS} pieces of evidence, all of them selected, "
        f"against {nation.assets.num_rows:,} assets: to what would become of each organisation",
        rows=found.found.rows,
        seconds=watch.seconds,
        peak_rss_bytes=peak_rss_bytes(),
        details={
            "rows_matched": found.found.rows_matched,
            "organisations_seen": found.preview.num_rows,
            "organisations_to_warn": found.preview["tells"].to_pylist().count(True),
            "files": len(files),
            "stored_bytes": sum(file.size_bytes for file in files),
            "again_seconds": round(again.seconds, 3),
        },
    )


def _fill_store(nation: Nation, *, rows: int, settings: Settings) -> list[WrittenFile]:
    """Write `rows` observations, list them, and give the files."""
    drawn: list[list[WrittenFile]] = []
    listed: list[WrittenFile] = []
    for number, start in enumerate(range(0, rows, _FILE_ROWS)):
        wanted = min(_FILE_ROWS, rows - start)
        file = ReportFile("shadowserver", "scan_rdp", f"{number}.csv", f"{number:064x}", None)
        with transaction.atomic():
            batch = begin_batch(file, now=NOW)
            if number < _DISTINCT or wanted < _FILE_ROWS:
                files = _write(nation, rows=wanted, batch=batch, settings=settings)
                drawn.append(files)
            else:
                files = [
                    _copy(one, batch=batch, settings=settings) for one in drawn[number % _DISTINCT]
                ]
            complete_batch(
                batch,
                rows_read=wanted,
                counts=RowCounts(unmatched=wanted),
                observed=(files[0].observed_from, files[-1].observed_until),
                warnings=[],
                stored=files,
            )
        listed += files
    return listed


def _write(nation: Nation, *, rows: int, batch: Batch, settings: Settings) -> list[WrittenFile]:
    writer = store_of(settings).writer(
        feed=batch.feed, content_sha256=batch.content_sha256, batch=batch.pk
    )
    with writer:
        for start in range(0, rows, _PIECE_ROWS):
            piece = observe_nation(
                nation,
                rows=min(_PIECE_ROWS, rows - start),
                shares=_SHARES,
                seed=batch.pk * 1_000 + start // _PIECE_ROWS,
                evidence=_EVIDENCE_COLUMNS,
            )
            writer.write(piece)
        return writer.finish()


def _copy(file: WrittenFile, *, batch: Batch, settings: Settings) -> WrittenFile:
    folder = Path(url2pathname(urlsplit(settings.store_url).path))
    path = file.path.replace(".parquet", f"-{batch.pk}.parquet")
    shutil.copyfile(folder / file.path, folder / path)
    return replace(file, path=path)
