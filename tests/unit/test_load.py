"""Reports as large as a nation's: the same for the same seed, wide, and read without a fault."""

from __future__ import annotations

import hashlib
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import polars as pl
import pytest

from baken.feeds import FEEDS
from baken.specimen.load import COLUMNS, ELSEWHERE, write_report

NETWORKS = [IPv4Network("198.51.100.0/28"), IPv4Network("198.18.4.0/22")]


def written(folder: Path, *, rows: int, seed: int = 1) -> Path:
    path = folder / f"2026-11-22-scan_snmp-{rows}-{seed}.csv"
    write_report(path, rows=rows, seed=seed, networks=NETWORKS)
    return path


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of more than one piece."""
    return written(tmp_path_factory.mktemp("load"), rows=120_000)


def test_the_same_seed_gives_the_same_bytes_in_every_version(tmp_path: Path) -> None:
    content = written(tmp_path, rows=500).read_bytes()
    assert hashlib.sha256(content).hexdigest() == (
        "9c64ffb4f9d4298fe96a9391a8d00c0d56e970e0326df32d1f267dbc8f534f9b"
    )


def test_another_seed_gives_other_rows(tmp_path: Path) -> None:
    first, second = (written(tmp_path, rows=500, seed=seed) for seed in (1, 2))
    assert not set(first.read_text().splitlines()[1:]) & set(second.read_text().splitlines()[1:])


def test_a_report_has_29_columns_and_no_row_even_when_empty(tmp_path: Path) -> None:
    header, rest = written(tmp_path, rows=0).read_text().split("\n", 1)
    assert header == ",".join(f'"{name}"' for name in COLUMNS)
    assert len(COLUMNS) == 29
    assert rest == ""


def test_one_row_in_three_is_about_the_networks(large: Path) -> None:
    addresses = pl.read_csv(large, infer_schema=False)["ip"].to_list()
    at_home = sum(any(IPv4Address(ip) in one for one in NETWORKS) for ip in addresses)
    elsewhere = [ip for ip in addresses if IPv4Address(ip) in ELSEWHERE]
    assert at_home + len(elsewhere) == len(addresses) == 120_000
    assert at_home == pytest.approx(40_000, rel=0.02)
    assert len(set(elsewhere)) == len(elsewhere)


def test_rows_come_in_order_of_time_with_devices_of_their_own(large: Path) -> None:
    frame = pl.read_csv(large, infer_schema=False)
    assert frame["timestamp"].is_sorted()
    assert frame["timestamp"].n_unique() == 86_400
    assert frame["sysname"].n_unique() > 50_000
    assert frame["uptime"].str.contains(r"^\d+ days, \d\d:\d\d:\d\d$").all()


def test_every_row_can_be_read(large: Path) -> None:
    batches = list(FEEDS["shadowserver"].open_report(large).batches())
    assert sum(batch.observations.num_rows for batch in batches) == 120_000
    assert not [row for batch in batches for row in batch.quarantined]
