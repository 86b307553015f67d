"""Addresses from text to numbers: IPv4 by column arithmetic, the rest by the C library."""

from __future__ import annotations

import socket
import struct

import polars as pl


def parse_addresses(text: pl.Series) -> pl.DataFrame:
    """Columns ``ipv4``, ``ipv6_high`` and ``ipv6_low``; all null where `text` is no address.

    IPv4 is four decimal numbers without leading zeros. An IPv4-mapped IPv6 address becomes IPv4.
    """
    ipv4 = _parse_ipv4(text)
    others = ipv4.is_null() & (text.str.len_bytes() > 1)
    if not others.any():
        nothing = pl.Series([None], dtype=pl.UInt64).new_from_index(0, len(text))
        return pl.DataFrame({"ipv4": ipv4, "ipv6_high": nothing, "ipv6_low": nothing})
    rows = others.arg_true()
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
    parts = [f"part{index}" for index in range(4)]
    digits = sum(
        ((pl.col(part) > 9).cast(pl.UInt32) + (pl.col(part) > 99) for part in parts),
        start=pl.lit(4 + 3, dtype=pl.UInt32),
    )
    value = pl.col("part0")
    for part in parts[1:]:
        value = value * 256 + pl.col(part)
    return (
        pl.LazyFrame({"text": text})
        .with_columns(split=pl.col("text").str.split_exact(".", 3))
        .with_columns(
            pl.col("split")
            .struct.field(f"field_{index}")
            .cast(pl.UInt8, strict=False)
            .cast(pl.UInt32)
            .alias(part)
            for index, part in enumerate(parts)
        )
        # The length tells that nothing else stands there: no sign, space, zero or fifth part.
        .select(ipv4=pl.when(pl.col("text").str.len_bytes() == digits).then(value))
        .collect()
        .to_series()
    )


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
