"""A day of made-up Shadowserver reports: seeded, on reserved ranges, with real ones' faults."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

import polars as pl

from baken.specimen.constituency import MadeUpOrganisation

_SCAN_COLUMNS: Final = (
    "timestamp", "severity", "ip", "protocol", "port", "hostname", "tag", "asn", "geo", "region",
    "city", "naics", "hostname_source", "sector",
)  # fmt: skip
_EVENT_COLUMNS: Final = (
    "timestamp", "protocol", "src_ip", "src_port", "src_asn", "src_geo", "src_region", "src_city",
    "src_hostname", "src_naics", "src_sector", "device_vendor", "device_type", "device_model",
    "severity", "dst_ip", "dst_port", "dst_asn", "dst_geo", "infection", "family", "tag",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MadeUpType:
    """One report type: how often it comes, and what is the same in all its rows."""

    report_type: str
    share: int
    """How many of a thousand rows."""
    severity: str
    port: int
    transport: str
    tag: str
    columns: tuple[str, ...] = _SCAN_COLUMNS
    constants: tuple[tuple[str, str], ...] = ()
    """Further columns, with what stands in them."""


TYPES: Final = (
    MadeUpType("scan_rdp", 90, "high", 3389, "tcp", "rdp", constants=(("rdp_protocol", "RDP"),)),
    MadeUpType("scan_smb", 60, "high", 445, "tcp", "smb", constants=(("arch", "x86_64"),)),
    MadeUpType("scan_telnet", 50, "medium", 23, "tcp", "telnet", constants=(("banner", "login:"),)),
    MadeUpType("scan_snmp", 60, "high", 161, "udp", "snmp", constants=(("sysname", "switch-1"),)),
    MadeUpType("scan_ldap_udp", 30, "high", 389, "udp", "ldap-udp"),
    MadeUpType("scan_ipmi", 20, "high", 623, "udp", "ipmi", constants=(("ipmi_version", "2.0"),)),
    MadeUpType("scan_mongodb", 20, "high", 27017, "tcp", "mongodb",
               constants=(("version", "4.2.8"),)),
    MadeUpType("scan_elasticsearch", 20, "high", 9200, "tcp", "elasticsearch",
               constants=(("version", "6.8.0"), ("cluster_name", "logs"))),
    MadeUpType("scan_redis", 20, "high", 6379, "tcp", "redis", constants=(("version", "5.0.3"),)),
    MadeUpType("scan_docker", 5, "critical", 2375, "tcp", "docker",
               constants=(("version", "19.03"),)),
    MadeUpType("scan_postgres", 40, "high", 5432, "tcp", "postgres"),
    MadeUpType("scan_mysql", 60, "high", 3306, "tcp", "mysql", constants=(("version", "5.5.62"),)),
    MadeUpType("scan_vnc", 30, "high", 5900, "tcp", "vnc", constants=(("product", "RFB 003.008"),)),
    MadeUpType("scan_dns", 60, "medium", 53, "udp", "openresolver"),
    MadeUpType("scan_ntp", 60, "medium", 123, "udp", "ntp", constants=(("version", "4"),)),
    MadeUpType("scan_exchange", 10, "critical", 443, "tcp", "exchange;cve-2021-26855",
               constants=(("version", "15.1.2106.2"), ("servername", "mail"))),
    MadeUpType("scan_http_vulnerable", 15, "critical", 443, "tcp", "http;cve-2023-46805",
               constants=(("version", "9.1"), ("server", "vpn"))),
    MadeUpType("scan_ssl_poodle", 200, "low", 443, "tcp", "ssl-poodle"),
    MadeUpType("event4_sinkhole_http", 90, "critical", 80, "tcp", "avalanche",
               columns=_EVENT_COLUMNS,
               constants=(("http_url", "/gate"), ("http_host", "c2.example.com"))),
    MadeUpType("event4_honeypot_brute_force", 60, "critical", 22, "tcp", "ssh-brute-force",
               columns=_EVENT_COLUMNS, constants=(("service", "ssh"),)),
)  # fmt: skip


def write_day(
    folder: Path,
    *,
    day: date,
    organisations: Sequence[MadeUpOrganisation],
    rows: int,
    seed: int,
) -> list[Path]:
    """Write the reports of `day`, `rows` rows in all, 20 types; gives the files.

    About one row in six is about one of `organisations`; the faults are always the same ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    whole = sum(made_up.share for made_up in TYPES)
    counts = [rows * made_up.share // whole for made_up in TYPES]
    counts[0] += rows - sum(counts)
    files = []
    for number, (made_up, count) in enumerate(zip(TYPES, counts, strict=True)):
        frame = report_frame(
            made_up, day=day, organisations=organisations, rows=count, chance=chance
        )
        text = frame.write_csv(quote_style="non_numeric").encode()
        files.append(_write_file(folder, f"{day}-{made_up.report_type}-example-nl", number, text))
    return files


def report_frame(
    made_up: MadeUpType,
    *,
    day: date,
    organisations: Sequence[MadeUpOrganisation],
    rows: int,
    chance: random.Random,
) -> pl.DataFrame:
    """`rows` rows of one type, as text columns, in the order of the real report."""
    addresses, names, asns = _systems(organisations, rows=rows, chance=chance)
    start = datetime.combine(day, time())
    moments = sorted(chance.randrange(86_400) for _ in range(rows))
    is_event = "src_ip" in made_up.columns
    constants = {
        "severity": made_up.severity,
        "protocol": made_up.transport,
        "tag": made_up.tag,
        "infection": made_up.tag,
        "geo": "NL",
        "src_geo": "NL",
        "hostname_source": "ptr",
        "dst_ip": "203.0.113.250",
        "dst_port": str(made_up.port),
        **dict(made_up.constants),
    }
    varying = {
        "timestamp": [f"{start + timedelta(seconds=second)}" for second in moments],
        "src_ip" if is_event else "ip": addresses,
        "src_hostname" if is_event else "hostname": names,
        "src_asn" if is_event else "asn": asns,
        "src_port": [str(chance.randrange(1024, 65536)) for _ in range(rows)] if is_event else [],
        "port": [str(made_up.port)] * rows,
    }
    columns = (*made_up.columns, *(name for name, _ in made_up.constants))
    return pl.DataFrame(
        {
            name: varying[name] if name in varying else [constants.get(name, "")] * rows
            for name in columns
        },
        schema=dict.fromkeys(columns, pl.String),
    )


def _systems(
    organisations: Sequence[MadeUpOrganisation], *, rows: int, chance: random.Random
) -> tuple[list[str], list[str], list[str]]:
    addresses, names, asns = [], [], []
    for _ in range(rows):
        if chance.random() < 1 / 6:
            organisation = chance.choice(organisations)
            # Few systems of each, seen again and again: findings are not spread evenly.
            number = chance.choice((1, 3, 7, 7, 11))
            address = organisation.address(number)
            name = f"host-{number}.{organisation.domain}" if chance.random() < 0.5 else ""
            asn = "64500"
        else:
            # Room for benchmarks (RFC 2544): nobody of ours holds this half of it.
            number = chance.randrange(1 << 16)
            address = f"198.19.{number >> 8}.{number & 255}"
            name = f"r{number}.pool.example.com" if chance.random() < 0.7 else ""
            asn = "64501"
        addresses.append(address)
        names.append(name)
        asns.append(asn)
    return addresses, names, asns


def _write_file(folder: Path, name: str, number: int, text: bytes) -> Path:
    text = _with_faults(text, number)
    match number % 5:
        case 1:
            path = folder / f"{name}.csv.gz"
            path.write_bytes(gzip.compress(text, mtime=0))
        case 3:
            path = folder / f"{name}.zip"
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(zipfile.ZipInfo(f"{name}.csv"), text, zipfile.ZIP_DEFLATED)
            path.write_bytes(packed.getvalue())
        case _:
            path = folder / f"{name}.csv"
            path.write_bytes(text)
    return path


def _with_faults(text: bytes, number: int) -> bytes:
    """`text` with the faults that real deliveries show; which ones depends on `number` alone."""
    lines = text.split(b"\n")
    if number % 4 == 0 and len(lines) > 30:
        lines[20] = lines[20].replace(b"198.", b"198.300.", 1)
        lines[25] = lines[25][:19].replace(b"-", b"/") + lines[25][19:]
    if number % 4 == 1 and len(lines) > 40:
        lines[35] += b',"one","field","too","many"'
    if number % 6 == 2:
        text = b"\xef\xbb\xbf" + b"\r\n".join(lines)
    elif number % 6 == 4 and len(lines) > 3:
        text = b"\n".join(lines).rstrip(b"\n")[:-40]  # the delivery broke off
    else:
        text = b"\n".join(lines)
    return text
