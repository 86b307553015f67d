"""The delegations in a registry's statistics file (delegated-extended), line by line.

A line is ``registry|country|type|start|value|date|status|opaque-id``, where the value of `ipv4` is
a number of addresses and that of `ipv6` a prefix length. Source: RIR statistics exchange format,
as APNIC and the NRO document it.
"""

from __future__ import annotations

import gzip
import ipaddress
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from baken.core.errors import TextRefusedError
from baken.core.text import one_line
from baken.lookups.registries import country_of

_GZIP: Final = b"\x1f\x8b"
_LONGEST_LINE: Final = 1_000
_LONGEST_HOLDER: Final = 80
_HELD: Final = frozenset({"allocated", "assigned"})
_TYPES: Final = frozenset({"ipv4", "ipv6", "asn"})
_REMEDY: Final = "Give a registry's delegated-extended statistics, as text or gz."


@dataclass(frozen=True, slots=True)
class Delegation:
    """Addresses that a registry handed out, both ends included."""

    version: int
    first: int
    last: int
    registry: str
    """In upper case."""
    country: str
    """Two upper-case letters; empty where the registry says none."""
    holder: str
    """The opaque id: equal for all that one holder has of the registry; may be empty."""


@dataclass(frozen=True, slots=True)
class SkippedLine:
    """A line that cannot be read, so that it says nothing."""

    line: int
    why: str


def read_delegations(path: Path, *, name: str) -> Iterator[Delegation | SkippedLine]:
    """What was handed out by the file at `path`; what is available or reserved is passed over.

    Raises `TextRefusedError`, naming the file `name`, when it cannot be read to its end or holds
    no line of statistics.
    """
    seen = False
    try:
        with path.open("rb") as raw:
            is_packed = raw.read(2) == _GZIP
            raw.seek(0)
            file = cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if is_packed else raw
            for number, text in _lines(file):
                fields = [field.strip() for field in text.split("|")]
                if len(fields) < 6:
                    yield SkippedLine(number, "It is no line of statistics.")
                    continue
                if fields[5] == "summary" or _is_version_line(fields):
                    continue
                seen = seen or fields[2] in _TYPES
                one = _read(number, fields)
                if one is not None:
                    yield one
    except (OSError, EOFError, zlib.error) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        message = f"{name} cannot be read to its end: {one_line(why, limit=100)}."
        raise TextRefusedError(message, remedy=_REMEDY) from error
    if not seen:
        raise TextRefusedError(f"{name} holds no statistics of a registry.", remedy=_REMEDY)


def _lines(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, from 1, without empty ones and comments."""
    number, is_begun = 0, False
    while block := file.readline(_LONGEST_LINE):
        is_rest, is_begun = is_begun, not block.endswith(b"\n")
        if is_rest:
            continue  # the rest of a line that was too long
        number += 1
        text = block.decode("utf-8-sig" if number == 1 else "utf-8", errors="replace").strip()
        if text and not text.startswith("#"):
            yield number, text


def _is_version_line(fields: list[str]) -> bool:
    """Whether it is the first line of a file: ``2|ripencc|...`` or ``2.3|apnic|...``."""
    return fields[0].replace(".", "").isdigit()


def _read(number: int, fields: list[str]) -> Delegation | SkippedLine | None:
    if len(fields) < 7:
        return SkippedLine(number, "It has too few fields.")
    registry, country, kind, start, value, _, status, *rest = fields
    if kind not in ("ipv4", "ipv6") or status.lower() not in _HELD:
        return None
    try:
        version, first, last = _extent(kind, start, value)
    except ValueError:
        return SkippedLine(number, "Its network cannot be read.")
    holder = rest[0] if rest else ""
    return Delegation(
        version,
        first,
        last,
        one_line(registry, limit=20).upper(),
        country_of(country) if len(country) == 2 else "",
        one_line(holder, limit=_LONGEST_HOLDER),
    )


def _extent(kind: str, start: str, value: str) -> tuple[int, int, int]:
    """Version, first and last address; raises ``ValueError``."""
    if not (value.isascii() and value.isdigit() and len(value) <= 10):
        raise ValueError("It is no number.")
    if kind == "ipv6":
        network = ipaddress.IPv6Network(f"{start}/{value}")
        return 6, int(network.network_address), int(network.broadcast_address)
    first = int(ipaddress.IPv4Address(start))
    last = first + int(value) - 1
    if not first <= last < 1 << 32:
        raise ValueError("It is no range of addresses.")
    return 4, first, last
