"""A made-up feed: a sinkhole that delivers one JSON document, in which records have no lines.

It imports of Baken what any feed may. Its words are those of the RSIT type.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from baken.core.classification import RSIT_TYPES, AddressRole, Severity, Tlp
from baken.core.errors import ReportRefusedError
from baken.core.name_hint import HintOrigin, NameHint
from baken.core.observation import (
    NAME_SOURCE,
    OBSERVATION_SCHEMA,
    AffectedRole,
    ParsedBatch,
    QuarantinedRow,
    ReportInfo,
)
from baken.core.sharing import SharingTerms
from baken.feeds.declarations import Confidence, FeedHealth
from baken.feeds.reading import DEFAULT_LIMITS, ReadLimits, check_readable, first_bytes, unpacked

KEY: Final = "made-up-sinkhole"
KIND: Final = "made-up-infection"
FORMAT: Final = "made-up-sinkhole/1"

_RSIT_TYPE: Final = "infected-system"
_BYTES_A_RECORD: Final = 100
_UNFIT: Final = (KeyError, OverflowError, TypeError, ValueError)


class MadeUpFeed:
    """A sinkhole's findings, one document a delivery."""

    key: str = KEY
    name = "the made-up sinkhole"
    terms = SharingTerms(label=Tlp.GREEN, may_show_supplier=False)
    file_endings = (".json", ".json.gz")
    expected_every = timedelta(hours=6)

    def recognises(self, path: Path) -> Confidence:
        """Certain of a document that begins with the name of the format."""
        start = b"".join(first_bytes(path, size=200).split())
        if start.startswith(b'{"format":"made-up-sinkhole/'):
            return Confidence.CERTAIN
        is_json = path.name.lower().endswith(self.file_endings) or start.startswith((b"{", b"["))
        return Confidence.POSSIBLE if is_json else Confidence.NONE

    def open_report(
        self,
        path: Path,
        *,
        report_type: str | None = None,
        limits: ReadLimits = DEFAULT_LIMITS,
    ) -> MadeUpReport:
        """The document at `path`; its one report type is ``sinkhole``."""
        check_readable(path)
        info = ReportInfo(KEY, report_type or "sinkhole", is_known_type=True, report_date=None)
        return MadeUpReport(info, path, limits)

    def finding_kinds(self) -> frozenset[str]:
        """One kind, without advice of its own."""
        return frozenset({KIND})

    def name_hints(self, report_type: str) -> Sequence[NameHint]:
        """The name that was looked up backwards."""
        del report_type
        return [NameHint("reverse_name", HintOrigin.REVERSE_LOOKUP)]

    def health(self, *, today: date) -> Sequence[FeedHealth]:
        """It knows one format, for good."""
        del today
        return [FeedHealth(is_well=True, text=f"reads {FORMAT}")]


@dataclass(frozen=True)
class MadeUpReport:
    """One document."""

    info: ReportInfo
    path: Path
    limits: ReadLimits

    def batches(self) -> Generator[ParsedBatch, None, None]:
        """The records in the order of the document."""
        records = self._records()
        size = max(1, self.limits.chunk_bytes // _BYTES_A_RECORD)
        for start in range(0, len(records), size):
            yield self._batch(records[start : start + size], first=start + 1)

    def _records(self) -> list[Any]:
        text = b"".join(unpacked(self.path, limits=self.limits))
        try:
            document = json.loads(text)
            if document["format"] != FORMAT or not isinstance(document["records"], list):
                raise ValueError("another format")
        except (*_UNFIT, RecursionError) as error:
            raise ReportRefusedError(
                f"{self.path} is no document of the format {FORMAT}.", remedy="Fetch it anew."
            ) from error
        records: list[Any] = document["records"]
        return records

    def _batch(self, records: Sequence[Any], *, first: int) -> ParsedBatch:
        rows, quarantined = [], []
        for number, record in enumerate(records, start=first):
            try:
                rows.append(self._row(record, number=number))
            except _UNFIT:
                quarantined.append(
                    QuarantinedRow(
                        line=number,
                        column="",
                        value=repr(record)[:200],
                        reason="bad-record",
                        explanation="A record needs a time, an address and a port.",
                    )
                )
        return ParsedBatch(pa.RecordBatch.from_pylist(rows, OBSERVATION_SCHEMA), quarantined)

    def _row(self, record: Any, *, number: int) -> dict[str, Any]:
        address = ip_address(str(record["address"]))
        port = int(record["port"])
        seen_at = datetime.fromisoformat(record["seen"]).astimezone(UTC)
        if not 0 < port < 65536 or seen_at > self.limits.not_after:
            raise ValueError("out of range")
        is_ipv4 = isinstance(address, IPv4Address)
        name = str(record.get("reverse_name", ""))
        name.encode()  # half a surrogate pair is no text
        malware = str(record.get("malware", ""))
        malware.encode()
        evidence = {
            "malware": malware,
            "reverse_name": name,
            NAME_SOURCE: "ptr" if name else "",
        }
        return {
            "line": number,
            "source": KEY,
            "report_type": self.info.report_type,
            "finding_kind": KIND,
            "rsit_taxonomy": RSIT_TYPES[_RSIT_TYPE],
            "rsit_type": _RSIT_TYPE,
            "observed_at": seen_at,
            "ipv4": int(address) if is_ipv4 else None,
            "ipv6_high": None if is_ipv4 else int(address) >> 64,
            "ipv6_low": None if is_ipv4 else int(address) & 0xFFFF_FFFF_FFFF_FFFF,
            "affected_role": AffectedRole.SOURCE.value,
            "address_role": AddressRole.ABUSED.value,
            "port": port,
            "transport": "tcp",
            "hinted_name": name.lower() or None,
            "hint_origin": HintOrigin.REVERSE_LOOKUP.value if name else None,
            "severity": int(Severity.HIGH),
            "cves": [],
            "tlp": Tlp.GREEN.value,
            "evidence": [(key, value) for key, value in evidence.items() if value],
        }


def made_up_document(*records: object) -> bytes:
    """A delivery of the feed."""
    return json.dumps({"format": FORMAT, "records": list(records)}, indent=1).encode()


def made_up_record(
    address: str = "192.0.2.1", *, seen_at: datetime = datetime(2026, 11, 22, tzinfo=UTC)
) -> dict[str, object]:
    """A record that can be read."""
    return {
        "seen": seen_at.isoformat(),
        "address": address,
        "port": 4433,
        "reverse_name": "pool-1.example.nl",
        "malware": "made-up-worm",
    }
