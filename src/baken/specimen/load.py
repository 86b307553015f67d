"""Reports as large as a nation's: made in columns, written in pieces, the same for the same seed.

Nothing is kept between rows: a value follows from the seed, the row's number and the column, so a
report of twenty million rows takes no more memory than one of a hundred thousand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from ipaddress import IPv4Network
from pathlib import Path
from typing import Final

import polars as pl

REPORT_TYPE: Final = "scan_snmp"
COLUMNS: Final = (
    "timestamp", "severity", "ip", "protocol", "port", "hostname", "tag", "asn", "geo", "region",
    "city", "naics", "hostname_source", "sector", "device_vendor", "device_type", "device_model",
    "device_version", "device_sector", "version", "sysname", "sysdesc", "community",
    "response_size", "amplification", "uptime", "mac_address", "vendor_id", "vendor",
)  # fmt: skip
"""The 29 columns of the report in the schema of 2026-03, in their order."""

ELSEWHERE: Final = IPv4Network("240.0.0.0/4")
"""Where the systems of nobody stand: reserved (RFC 1112), and wide enough for distinct ones."""

_PIECE_ROWS: Final = 100_000
_ONE_IN: Final = 3
"""One row in so many is about one of the networks."""
_DAY_SECONDS: Final = 86_400
_PLACES: Final = (
    ("NOORD-HOLLAND", "AMSTERDAM"), ("ZUID-HOLLAND", "ROTTERDAM"), ("UTRECHT", "UTRECHT"),
    ("GELDERLAND", "ARNHEM"), ("NOORD-BRABANT", "EINDHOVEN"), ("GRONINGEN", "GRONINGEN"),
)  # fmt: skip
_SECTORS: Final = ("", "", "", "Communications, Service Provider, and Hosting Service",
                   "Information", "Education")  # fmt: skip
_VERSIONS: Final = ("2",) * 6 + ("1", "3")
_DEVICES: Final = (
    ("", "", "", "", "Linux router 4.9.0-13-amd64 #1 SMP x86_64"),
    ("Cisco", "router", "C2900", "15.7", "Cisco IOS Software, C2900 Software, Version 15.7(3)M8"),
    ("MikroTik", "router", "RB951", "6.49", "RouterOS RB951Ui-2HnD"),
    ("Hewlett-Packard", "printer", "LaserJet", "", "HP ETHERNET MULTI-ENVIRONMENT,ROM none"),
    ("", "", "", "", "Hardware: x86 Family 6 Model 158 - Software: Windows Version 6.3"),
    ("Zyxel", "firewall", "USG40", "4.73", "ZyWALL USG 40"),
)
"""Vendor, type, model and version as Shadowserver tells them, and how the device calls itself."""
_DEVICE_COLUMNS: Final = (
    "device_vendor", "device_type", "device_model", "device_version", "sysdesc",
)  # fmt: skip
_SIZES: Final = tuple(str(number) for number in range(70, 198))
_AMPLIFICATIONS: Final = tuple(f"{number / 100:.2f}" for number in range(80, 208))
_UP_DAYS: Final = tuple(str(number) for number in range(512))
_MAC_ENDS: Final = tuple(f"{number:02x}:{number * 7 % 256:02x}" for number in range(256))
_ASNS: Final = tuple(str(number) for number in range(64496, 64512))  # RFC 5398


def write_report(
    path: Path,
    *,
    rows: int,
    seed: int,
    networks: Sequence[IPv4Network],
    day: date = date(2026, 11, 22),
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Write a scan_snmp CSV of `rows` rows to `path`, sorted by time, COLUMNS wide.

    One row in three is about an address in `networks`; the others are about addresses in
    ELSEWHERE, each once, so `networks` should hold none of it. `progress` is told the rows
    written so far.
    """
    with path.open("wb") as file:
        written = 0
        for frame in report_pieces(rows=rows, seed=seed, networks=networks, day=day):
            frame.write_csv(file, include_header=written == 0, quote_style="always")
            written += frame.height
            progress(written)


def report_pieces(
    *, rows: int, seed: int, networks: Sequence[IPv4Network], day: date
) -> Iterator[pl.DataFrame]:
    """The rows of `write_report` as frames of text, at least one, in order."""
    homes = _homes(networks)
    for start in range(0, max(rows, 1), _PIECE_ROWS):
        numbers = pl.int_range(start, min(start + _PIECE_ROWS, rows), dtype=pl.UInt64, eager=True)
        chance = _Chance(numbers, seed=seed)
        yield _frame(chance, moments=numbers * _DAY_SECONDS // max(rows, 1), homes=homes, day=day)


def _frame(chance: _Chance, *, moments: pl.Series, homes: pl.DataFrame, day: date) -> pl.DataFrame:
    times = _times_of_day()
    parts = _parts(chance.address(homes))
    is_named = chance.draw("is named") % 8 < 5
    place = chance.draw("place") % len(_PLACES)
    device = chance.draw("device") % len(_DEVICES)
    told = [_text(values).gather(device) for values in zip(*_DEVICES, strict=True)]
    hours = times.gather(chance.draw("up for hours") % _DAY_SECONDS)
    columns = {
        "timestamp": _glued(f"{day} ", times.gather(moments)),
        "ip": _joined(parts, "."),
        "hostname": _where(is_named, _glued("h-", _joined(parts, "-"), ".example.net")),
        "asn": chance.pick("asn", _ASNS),
        "region": _text(region for region, _ in _PLACES).gather(place),
        "city": _text(city for _, city in _PLACES).gather(place),
        "hostname_source": _where(is_named, _text(["ptr"])),
        "sector": chance.pick("sector", _SECTORS),
        **dict(zip(_DEVICE_COLUMNS, told, strict=True)),
        "version": chance.pick("version", _VERSIONS),
        "sysname": _glued("device-", chance.octets("name", count=4, separator="")),
        "response_size": chance.pick("size", _SIZES),
        "amplification": chance.pick("amplification", _AMPLIFICATIONS),
        "uptime": _glued(chance.pick("up for days", _UP_DAYS), " days, ", hours),
        "mac_address": _glued("00:00:5e:00:", chance.pick("mac", _MAC_ENDS)),
    }
    constants = {
        "severity": "high", "protocol": "udp", "port": "161", "tag": "snmp", "geo": "NL",
        "naics": "517311", "device_sector": "", "community": "public", "vendor_id": "",
        "vendor": "",
    }  # fmt: skip
    frame = pl.DataFrame(columns)
    return frame.with_columns(pl.lit(text).alias(name) for name, text in constants.items()).select(
        COLUMNS
    )


class _Chance:
    """What the rows of one piece draw; a draw depends on the seed, its name and the row alone."""

    def __init__(self, numbers: pl.Series, *, seed: int) -> None:
        self._numbers = numbers
        self._seed = seed

    def draw(self, name: str) -> pl.Series:
        """64 bits a row that look random: SplitMix64 (Steele, Lea and Flood, 2014).

        Polars' own hashes and samples may differ from one version to the next.
        """
        named = hashlib.sha256(f"{self._seed} {name}".encode()).digest()
        start = int.from_bytes(named[:8], "big")
        mixed = pl.col("number") * _bits(0x9E3779B97F4A7C15) + _bits(start)
        mixed = (mixed ^ (mixed // _bits(1 << 30))) * _bits(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed // _bits(1 << 27))) * _bits(0x94D049BB133111EB)
        mixed = mixed ^ (mixed // _bits(1 << 31))
        return pl.DataFrame({"number": self._numbers}).select(mixed).to_series()

    def pick(self, name: str, values: Sequence[str]) -> pl.Series:
        """One of `values` for each row."""
        return _text(values).gather(self.draw(name) % len(values))

    def address(self, homes: pl.DataFrame) -> pl.Series:
        """An IPv4 address as a number: in one of `homes` for one row in three."""
        # An odd factor sends each number below a power of two to another one below it.
        shuffled = (self._numbers + self._seed) * 0x9E3779B1 % ELSEWHERE.num_addresses
        elsewhere = shuffled + int(ELSEWHERE.network_address)
        if homes.is_empty():
            return elsewhere
        home = homes[self.draw("network") % homes.height]
        at_home = home["first"] + self.draw("address") % home["size"]
        return at_home.zip_with(self.draw("is at home") % _ONE_IN == 0, elsewhere)

    def octets(self, name: str, *, count: int, separator: str) -> pl.Series:
        """So many octets, a multiple of four, in hexadecimal."""
        words = _words(separator)
        draws = [self.draw(f"{name} {number}") for number in range(-(-count // 16))]
        picks = [
            words.gather(draws[place // 4] // (1 << 16 * (place % 4)) % len(words))
            for place in range(count // 4)
        ]
        return _joined(picks, separator)


def _homes(networks: Sequence[IPv4Network]) -> pl.DataFrame:
    """Columns ``first`` and ``size``, a row a network."""
    return pl.DataFrame(
        {
            "first": [int(network.network_address) for network in networks],
            "size": [network.num_addresses for network in networks],
        },
        schema={"first": pl.UInt64, "size": pl.UInt64},
    )


def _parts(addresses: pl.Series) -> list[pl.Series]:
    """The four decimal numbers of each address."""
    numbers = _text(str(number) for number in range(256))
    return [numbers.gather(addresses // (1 << shift) % 256) for shift in (24, 16, 8, 0)]


@cache
def _times_of_day() -> pl.Series:
    """``00:00:00`` up to ``23:59:59``."""
    return _text(
        f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        for second in range(_DAY_SECONDS)
    )


@cache
def _words(separator: str) -> pl.Series:
    """65,536 different words of four octets: gathering them is quicker than spelling each anew."""
    numbers = (number << 16 | number * 40_503 % (1 << 16) for number in range(1 << 16))
    return _text(number.to_bytes(4).hex(":").upper().replace(":", separator) for number in numbers)


def _text(values: Iterable[str]) -> pl.Series:
    return pl.Series(list(values), dtype=pl.String)


def _bits(number: int) -> pl.Expr:
    return pl.lit(number, dtype=pl.UInt64)


def _joined(columns: Sequence[pl.Series], separator: str) -> pl.Series:
    return pl.select(pl.concat_str(columns, separator=separator)).to_series()


def _glued(*parts: str | pl.Series) -> pl.Series:
    columns = [pl.lit(part) if isinstance(part, str) else part for part in parts]
    return pl.select(pl.concat_str(columns)).to_series()


def _where(is_there: pl.Series, text: pl.Series) -> pl.Series:
    return pl.select(pl.when(is_there).then(text).otherwise(pl.lit(""))).to_series()
