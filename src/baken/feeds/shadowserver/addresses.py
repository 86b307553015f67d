"""Addresses from text to numbers: IPv4 by column arithmetic, the rest by the C library."""

from __future__ import annotations

import socket
import struct
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

_PART: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4: Final = rf"^{_PART}(?:\.{_PART}){{3}}$"


def parse_addresses(text: pl.Series) -> pl.DataFrame:
    """Columns ``ipv4``, ``ipv6_high`` and ``ipv6_low``; all null where `text` is no address.

    IPv4 is four decimal numbers without leading zeros. An IPv4-mapped IPv6 address becomes IPv4.
    """
    ipv4 = _parse_ipv4(text)
    nothing = pl.Series([None], dtype=pl.UInt64).new_from_index(0, len(text))
    found = pl.DataFrame({"ipv4": ipv4, "ipv6_high": nothing, "ipv6_low": nothing})
    if not ipv4.null_count():
        return found
    rows = (ipv4.is_null() & text.str.contains(":", literal=True)).arg_true()
    if rows.is_empty():
        return found
    parsed = [_parse_ipv6(value) for value in text.gather(rows).to_list()]
    found = pl.DataFrame(
        {
            "row": rows,
            "mapped": pl.Series([four for four, _, _ in parsed], dtype=pl.UInt32),
            "ipv6_high": pl.Series([high for _, high, _ in parsed], dtype=pl.UInt64),
            "ipv6_low": pl.Series([low for _, _, low in parsed], dtype=pl.UInt64),
        }
    )
    numbered = pl.DataFrame({"ipv4": ipv4}).with_row_index("row")
    joined = numbered.join(found, on="row", how="left", maintain_order="left")
    return joined.select(pl.coalesce("ipv4", "mapped"), "ipv6_high", "ipv6_low")


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


def _parse_ipv6(text: str) -> tuple[int | None, int | None, int | None]:
    """IPv4 (when mapped), high and low half; three times None when it is no address."""
    if ":" not in text:
        return None, None, None
    try:
        high, low = struct.unpack(">QQ", socket.inet_pton(socket.AF_INET6, text))
    except (OSError, ValueError):  # ValueError: a NUL within
        return None, None, None
    if high == 0 and low >> 32 == 0xFFFF:  # ::ffff:0:0/96, RFC 4291
        return low & 0xFFFFFFFF, None, None
    return None, high, low
