"""Reading a Shadowserver report through the public door, and asking what came of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import Any

from baken.core.asset import Network
from baken.core.observation import ParsedBatch, QuarantinedRow
from baken.feeds import FEEDS, ReadLimits

HEADER = "timestamp,severity,ip,protocol,port,hostname,tag,asn,geo,rdp_protocol,ssl_version"
MOMENT = "2026-11-22 01:02:03"
ROW = "2026-11-22 01:02:03,high,192.0.2.7,tcp,3389,www.example.nl,rdp,64496,NL,RDP,2"


class Outcome:
    """Everything that one report gave."""

    def __init__(self, batches: list[ParsedBatch]) -> None:
        self.batches = batches
        self.rows: list[dict[str, Any]] = [
            row for batch in batches for row in batch.observations.to_pylist()
        ]
        self.quarantined: list[QuarantinedRow] = [
            row for batch in batches for row in batch.quarantined
        ]
        self.warnings = [warning for batch in batches for warning in batch.warnings]

    @property
    def only_row(self) -> dict[str, Any]:
        (row,) = self.rows
        return row

    @property
    def only_fault(self) -> QuarantinedRow:
        (fault,) = self.quarantined
        return fault

    @property
    def evidence(self) -> dict[str, str]:
        return dict(self.only_row["evidence"])

    @property
    def network(self) -> Network:
        """The network that the only row names."""
        row = self.only_row
        if row["ipv4"] is not None:
            return ipaddress.IPv4Network((row["ipv4"], row["network_bits"]))
        whole = (row["ipv6_high"] << 64) | row["ipv6_low"]
        return ipaddress.IPv6Network((whole, row["network_bits"]))

    @property
    def reasons(self) -> list[tuple[int, str]]:
        return [(row.line, row.reason) for row in self.quarantined]


Read = Callable[..., Outcome]


def read_report(
    folder: Path,
    text: str | bytes,
    *,
    name: str = "2026-11-22-scan_rdp-example.csv",
    report_type: str | None = None,
    limits: ReadLimits | None = None,
) -> Outcome:
    """What comes of `text` in the file `name` in `folder`."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    report = FEEDS["shadowserver"].open_report(
        path, report_type=report_type, limits=limits or ReadLimits()
    )
    return Outcome(list(report.batches()))


def table(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def row(**changes: str) -> str:
    """`ROW` with other values in some columns."""
    values = dict(zip(HEADER.split(","), ROW.split(","), strict=True))
    return ",".join({**values, **changes}.values())


def site(read: Read, *, name: str = "compromised_website.csv", **columns: str) -> Outcome:
    """A report with one row about a website that has these columns."""
    header = ",".join(["timestamp", "ip", *columns])
    return read(table(",".join([MOMENT, "192.0.2.7", *columns.values()]), header=header), name=name)
