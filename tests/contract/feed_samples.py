"""How a report of each feed is made: one line a feed, for the contract suite."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import made_up_feed

Row = Literal["good", "bad"]


@dataclass(frozen=True)
class ReportSample:
    """Reports of one feed, of which it is known what becomes of them."""

    file_name: str
    report: Callable[[Sequence[Row]], bytes]
    """A whole report with these rows; a bad one is quarantined."""
    opening: bytes
    """How such a report begins: what follows it is taken for rows."""
    first: int
    """The line, or the number, of its first row."""


SHADOWSERVER_HEAD: Final = b"timestamp,ip,port,hostname,tag\n"
SHADOWSERVER_ROW: Final = b"2026-11-22 00:00:00,192.0.2.1,3389,www.example.nl,rdp\n"


def _shadowserver_report(rows: Sequence[Row]) -> bytes:
    lines = {"good": SHADOWSERVER_ROW, "bad": b"x\n"}
    return SHADOWSERVER_HEAD + b"".join(lines[row] for row in rows)


def _made_up_report(rows: Sequence[Row]) -> bytes:
    records = {"good": made_up_feed.made_up_record(), "bad": {"address": "nowhere"}}
    return made_up_feed.made_up_document(*(records[row] for row in rows))


SAMPLES: Final[Mapping[str, ReportSample]] = {
    "shadowserver": ReportSample(
        "2026-11-22-scan_rdp-example.csv", _shadowserver_report, opening=SHADOWSERVER_HEAD, first=2
    ),
    made_up_feed.KEY: ReportSample(
        "day.json",
        _made_up_report,
        opening=b'{"format": "made-up-sinkhole/1", "records": [',
        first=1,
    ),
}
