"""Reports as large as a nation's: made in columns, written in pieces, the same for the same seed.

Nothing is kept between rows: a value follows from the seed, the row's number and the column, so a
report of twenty million rows takes no more memory than one of a hundred thousand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from ipaddress import IPv4Network
from pathlib import Path
from typing import Final

import polars as pl

REPORT_TYPE: Final = "scan_rdp"
COLUMNS: Final = (
    "timestamp", "severity", "ip", "protocol", "port", "hostname", "tag", "asn", "geo", "region",
    "city", "naics", "hostname_source", "sector", "handshake", "rdp_protocol", "cert_length",
    "subject_common_name", "issuer_common_name", "cert_issue_date", "cert_expiration_date",
    "sha1_fingerprint", "cert_serial_number", "ssl_version", "signature_algorithm",
    "key_algorithm", "sha256_fingerprint", "sha512_fingerprint", "md5_fingerprint",
)  # fmt: skip
"""The columns of a scan_rdp report in their order, up to the certificate's fingerprints.

The schema of 2026-03 has three more: tlsv13_support, tlsv13_cipher and jarm.
"""

ELSEWHERE: Final = IPv4Network("240.0.0.0/4")
"""Where the systems of nobody stand: reserved (RFC 1112), and wide enough for distinct ones."""

_PIECE_ROWS: Final = 100_000
_ONE_IN: Final = 3
"""One row in so many is about one of the networks."""
_DAY_SECONDS: Final = 86_400
_CERTIFICATE_DAYS: Final = 182
"""Windows makes its certificate for remote desktop valid for half a year."""
_PLACES: Final = (
    ("NOORD-HOLLAND", "AMSTERDAM"), ("ZUID-HOLLAND", "ROTTERDAM"), ("UTRECHT", "UTRECHT"),
    ("GELDERLAND", "ARNHEM"), ("NOORD-BRABANT", "EINDHOVEN"), ("GRONINGEN", "GRONINGEN"),
)  # fmt: skip
_SECTORS: Final = ("", "", "", "Communications, Service Provider, and Hosting Service",
                   "Information", "Education")  # fmt: skip
_PORTS: Final = ("3389",) * 13 + ("3388", "33890", "13389")
_KEYS: Final = ("2048",) * 6 + ("4096", "1024")
_SIGNATURES: Final = ("sha256WithRSAEncryption",) * 7 + ("sha1WithRSAEncryption",)
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
    """Write a scan_rdp CSV of `rows` rows to `path`, sorted by time, COLUMNS wide.

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
    issued = chance.draw("issued on") % _CERTIFICATE_DAYS
    issued_at = times.gather(chance.draw("issued at") % _DAY_SECONDS)
    subject = _glued("WIN-", chance.octets("subject", count=8, separator=""), ".example.net")
    columns = {
        "timestamp": _glued(f"{day} ", times.gather(moments)),
        "ip": _joined(parts, "."),
        "port": chance.pick("port", _PORTS),
        "hostname": _where(is_named, _glued("h-", _joined(parts, "-"), ".example.net")),
        "asn": chance.pick("asn", _ASNS),
        "region": _text(region for region, _ in _PLACES).gather(place),
        "city": _text(city for _, city in _PLACES).gather(place),
        "hostname_source": _where(is_named, _text(["ptr"])),
        "sector": chance.pick("sector", _SECTORS),
        "cert_length": chance.pick("key", _KEYS),
        "subject_common_name": subject,
        "issuer_common_name": subject,
        "cert_issue_date": _glued(_days_until(day).gather(issued), " ", issued_at),
        "cert_expiration_date": _glued(
            _days_until(day + timedelta(days=_CERTIFICATE_DAYS)).gather(issued), " ", issued_at
        ),
        "sha1_fingerprint": chance.octets("sha1", count=20, separator=":"),
        "cert_serial_number": chance.octets("serial", count=16, separator=""),
        "signature_algorithm": chance.pick("signature", _SIGNATURES),
        "sha256_fingerprint": chance.octets("sha256", count=32, separator=":"),
        "sha512_fingerprint": chance.octets("sha512", count=64, separator=":"),
        "md5_fingerprint": chance.octets("md5", count=16, separator=":"),
    }
    constants = {
        "severity": "high", "protocol": "tcp", "tag": "rdp", "geo": "NL", "naics": "517311",
        "handshake": "RDP", "rdp_protocol": "RDP", "ssl_version": "2",
        "key_algorithm": "rsaEncryption",
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
        """So many octets, a multiple of four, in hexadecimal as certificates show them."""
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


def _days_until(day: date) -> pl.Series:
    """`day` and the days before it, the latest first, for as long as a certificate lives."""
    return _text(f"{day - timedelta(days=ago)}" for ago in range(_CERTIFICATE_DAYS))


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
