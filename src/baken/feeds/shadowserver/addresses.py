"""Addresses from text to numbers: IPv4 by column arithmetic, the rest by the C library."""

from __future__ import annotations

import re
import socket
import struct
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from baken.core.asset import WIDEST_IPV4_PREFIX, WIDEST_IPV6_PREFIX

_PART: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4: Final = rf"^{_PART}(?:\.{_PART}){{3}}$"
_IS_IPV4: Final = re.compile(_IPV4)
_LENGTH: Final = re.compile("0|[1-9][0-9]{0,2}")
_MASKS: Final = {
    socket.inet_ntoa(struct.pack(">I", 2**32 - 2 ** (32 - bits))): str(bits) for bits in range(33)
}
"""The length that a netmask stands for: 255.255.255.0 is 24."""
_OTHER: Final = "[:/]"
"""In every IPv6 address and every network."""

_Parsed = tuple[int | None, int | None, int | None, int | None]
"""IPv4, high and low half of IPv6, and the length of a network's prefix."""
_NOTHING: Final[_Parsed] = (None, None, None, None)


def parse_addresses(text: pl.Series) -> pl.DataFrame:
    """Columns ``ipv4``, ``ipv6_high``, ``ipv6_low``, ``network_bits``; all null for no address.

    IPv4 is four decimal numbers without leading zeros. An IPv4-mapped IPv6 address becomes IPv4.
    Of a network ("192.0.2.88/29") the first address is given, whichever of it was written; one as
    long as an address is an address. One wider than any asset may be is none.
    """
    ipv4 = _parse_ipv4(text)
    nothing = pl.Series([None], dtype=pl.UInt64).new_from_index(0, len(text))
    plain = pl.DataFrame({"ipv4": ipv4, "ipv6_high": nothing, "ipv6_low": nothing})
    plain = plain.with_columns(network_bits=nothing.cast(pl.UInt8))
    if not ipv4.null_count():
        return plain
    rows = (ipv4.is_null() & text.str.contains(_OTHER)).arg_true()
    if rows.is_empty():
        return plain
    parsed = [_parse_other(value) for value in text.gather(rows).to_list()]
    found = pl.DataFrame(
        parsed, schema={**dict.fromkeys(plain.columns, pl.UInt64), "ipv4": pl.UInt32}, orient="row"
    ).with_columns(pl.col("network_bits").cast(pl.UInt8), row=rows)
    numbered = pl.DataFrame({"ipv4": ipv4}).with_row_index("row")
    joined = numbered.join(found, on="row", how="left", maintain_order="left", suffix=" found")
    return joined.select(pl.coalesce("ipv4", "ipv4 found"), "ipv6_high", "ipv6_low", "network_bits")


def _parse_ipv4(text: pl.Series) -> pl.Series:
    is_ipv4 = text.str.contains(_IPV4)
    if is_ipv4.all():
        return pl.Series(_ipv4_numbers(text), dtype=pl.UInt32)
    numbers = pl.Series([None], dtype=pl.UInt32).new_from_index(0, len(text))
    found = _ipv4_numbers(text.filter(is_ipv4))
    return numbers.scatter(is_ipv4.arg_true(), pl.Series(found, dtype=pl.UInt32))


def _ipv4_numbers(text: pl.Series) -> npt.NDArray[np.uint32]:
    """The numbers of addresses that are known to be IPv4."""
    array = text.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    offsets = np.frombuffer(array.buffers()[1], np.int64)[array.offset :][: len(array) + 1]
    octets = np.frombuffer(array.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    offsets = offsets - offsets[0]
    digits = octets - np.uint8(ord("0"))
    dots = np.flatnonzero(octets == ord("."))
    numbers = np.zeros(len(array), np.uint32)
    start = offsets[:-1]
    for end in (dots[0::3], dots[1::3], dots[2::3], offsets[1:]):
        size = end - start
        # What stands before a part of one digit is no digit, but it is multiplied by nothing.
        part = digits[end - 1].astype(np.uint32)
        part += digits[end - 2] * (size > 1) * np.uint32(10)
        part += digits[end - 3] * (size > 2) * np.uint32(100)
        numbers = numbers << np.uint32(8) | part
        start = end + 1
    return numbers


def _parse_other(text: str) -> _Parsed:
    """IPv6, or a network of either kind."""
    address, slash, length = text.partition("/")
    if not slash:
        return _parse_ipv6(address)
    ipv4, high, low, _ = _parse_ipv6(address) if ":" in address else _parse_dotted(address)
    if ":" not in address:
        length = _MASKS.get(length, length)
    if not _LENGTH.fullmatch(length) or ipv4 is high is None:
        return _NOTHING
    bits = int(length)
    if ipv4 is not None:
        bits -= 96 if ":" in address else 0
        if not WIDEST_IPV4_PREFIX <= bits <= 32:
            return _NOTHING
        first = ipv4 >> (32 - bits) << (32 - bits)
        return first, None, None, bits if bits < 32 else None
    if not WIDEST_IPV6_PREFIX <= bits <= 128 or high is None or low is None:
        return _NOTHING
    first = (high << 64 | low) >> (128 - bits) << (128 - bits)
    return None, first >> 64, first & 0xFFFF_FFFF_FFFF_FFFF, bits if bits < 128 else None


def _parse_dotted(text: str) -> _Parsed:
    if not _IS_IPV4.fullmatch(text):
        return _NOTHING
    return struct.unpack(">I", socket.inet_pton(socket.AF_INET, text))[0], None, None, None


def _parse_ipv6(text: str) -> _Parsed:
    if ":" not in text:
        return _NOTHING
    try:
        high, low = struct.unpack(">QQ", socket.inet_pton(socket.AF_INET6, text))
    except (OSError, ValueError):  # ValueError: a NUL within
        return _NOTHING
    if high == 0 and low >> 32 == 0xFFFF:  # ::ffff:0:0/96, RFC 4291
        return low & 0xFFFFFFFF, None, None, None
    return None, high, low, None
