"""Observations to the store: how fast they are written, and how fast some columns are read back."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from baken.bench import Measurement, peak_rss_bytes, timed
from baken.bench.ingest import matcher_of
from baken.core.errors import StoredFileDamagedError
from baken.core.observation import OBSERVATION_SCHEMA
from baken.matching import MATCHED_COLUMNS
from baken.matching.local_engine import LocalEngine
from baken.store import ObservationStore, S3Access, WrittenFile, open_store

_SEED: Final = 1
_DRAWN_ROWS: Final = 100_000
"""So many rows are drawn; more of them are the same again."""
_NOON: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
_NETWORKS: Final = ("198.19.0.0/18", "198.19.64.0/20", "198.19.128.0/22")
_COLUMNS: Final = ("ipv4", "port", "observed_at")


def measure_store(*, rows: int) -> Measurement:
    """Write `rows` observations of a scan with certificates, and read them again.

    `scanned_rows_per_second` is for three columns, `matched_rows_per_second` for those that say who
    it is about, matched as `baken lookback` does.
    `cpu_seconds` is what the writing took of one core: what is left of the seconds went to the
    disk, which is asked to have it all before a file counts.
    """
    drawn = _observations(min(rows, _DRAWN_ROWS))
    with tempfile.TemporaryDirectory(prefix="baken-bench-") as folder:
        store = open_store(Path(folder).as_uri(), s3=S3Access(), owner="0" * 8)
        started = time.process_time()
        with timed() as watch, store.writer(feed="bench", content_sha256="0" * 64, batch=1) as to:
            for start in range(0, rows, drawn.num_rows):
                to.write(drawn.slice(0, rows - start))
            files = to.finish()
        cpu_seconds = time.process_time() - started
        with timed() as scanning:
            scanned = sum(
                batch.num_rows
                for file in files
                for batch in store.scan(file, columns=_COLUMNS, finding_kinds=["open-rdp"])
            )
        engine = LocalEngine(matcher_of(_NETWORKS))
        with timed() as matching:
            counted = pa.concat_tables(engine.run(files, _CountMatches(store)))
    return Measurement(
        measured=f"observations with nine pieces of evidence, {drawn.nbytes // drawn.num_rows} "
        "bytes each in memory, to Parquet files",
        rows=sum(file.rows for file in files),
        seconds=watch.seconds,
        peak_rss_bytes=peak_rss_bytes(),
        details={
            "bytes": sum(file.size_bytes for file in files),
            "cpu_seconds": round(cpu_seconds, 3),
            "cpu_rows_per_second": round(rows / cpu_seconds),
            "scanned_rows_per_second": round(scanned / scanning.seconds),
            "matches": pc.sum(counted["matches"]).as_py(),
            "matched_rows_per_second": round(pc.sum(counted["rows"]).as_py() / matching.seconds),
        },
    )


@dataclass(frozen=True, slots=True)
class _CountMatches:
    """From stored files to matches, of which only the number is kept."""

    store: ObservationStore

    schema = pa.schema([pa.field("rows", pa.int64()), pa.field("matches", pa.int64())])

    def read(self, source: WrittenFile) -> Iterator[pa.RecordBatch]:
        return self.store.scan(source, columns=MATCHED_COLUMNS, finding_kinds=None)

    def on_match(
        self, source: WrittenFile, observations: pa.RecordBatch, matches: pa.Table
    ) -> pa.Table:
        del source
        counts = {"rows": observations.num_rows, "matches": matches.num_rows}
        return pa.Table.from_pylist([counts], schema=self.schema)

    def on_damage(self, source: WrittenFile, error: StoredFileDamagedError) -> pa.Table:
        del source
        raise error


def _observations(rows: int) -> pa.RecordBatch:
    chance = random.Random(_SEED)  # noqa: S311 - made-up data is seeded, not secret
    same: dict[str, Any] = {
        "source": "shadowserver", "report_type": "scan_rdp", "finding_kind": "open-rdp",
        "rsit_taxonomy": "vulnerable", "rsit_type": "vulnerable-system",
        "affected_role": "service", "address_role": "vulnerable", "port": 3389, "transport": "tcp",
        "severity": 3, "cves": [], "tlp": "TLP:AMBER",
    }  # fmt: skip
    drawn = []
    for line in range(rows):
        number = chance.randrange(1 << 16)
        name = f"r{number}.pool.example.com"
        drawn.append(
            {
                **same,
                "line": line + 2,
                "observed_at": _NOON + timedelta(milliseconds=line),
                "ipv4": 0xC6130000 + number,  # 198.19.0.0/16, for benchmarks (RFC 2544)
                "host_name": name if chance.random() < 0.7 else None,
                "asn": 64496 + number % 16,
                "evidence": _evidence(name, number),
            }
        )
    return pa.RecordBatch.from_pylist(drawn, schema=OBSERVATION_SCHEMA)


def _evidence(name: str, number: int) -> list[tuple[str, str]]:
    """What a scan with certificates says; each system has a certificate of its own."""
    own = random.Random(number)  # noqa: S311 - made-up data is seeded, not secret
    return [
        ("hostname_source", "ptr"),
        ("tag", "rdp"),
        ("rdp_protocol", "RDP"),
        ("cert_length", own.choice(("1024", "2048", "4096"))),
        ("subject_common_name", name),
        ("issuer_common_name", name),
        ("cert_expiration_date", f"2027-0{own.randint(1, 9)}-11 0{own.randint(0, 9)}:10:00"),
        ("cert_serial_number", own.randbytes(16).hex().upper()),
        ("sha256_fingerprint", own.randbytes(32).hex(":").upper()),
    ]
