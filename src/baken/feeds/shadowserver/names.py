"""Host names and e-mail domains in columns: lower case, IDNA, no trailing dot; or null."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import polars as pl

from baken.core.asset import normalise_domain

_PLAIN_NAME: Final = r"^(?:[a-z0-9_]+(?:-+[a-z0-9_]+)*\.)+(?:[a-z0-9_]+-+)*[a-z0-9_]*[a-z_]$"
"""A name that is in its normal form for sure, when it is short and has no "xn--" in it."""
_IS_PLAIN: Final = (
    pl.col("text").str.contains(_PLAIN_NAME)
    & (pl.col("text").str.len_bytes() <= 63)
    & ~pl.col("text").str.contains("xn--", literal=True)
).alias("is plain")

_AUTHORITY: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#]*@)?([^/?#:]*)", re.IGNORECASE)
"""The host of a URL (RFC 3986, 3.2), without user information and port."""


def first_host_name(candidates: Sequence[pl.Series], *, rows: int) -> pl.Series:
    """Of each row the first candidate that is, or as a URL has, a host name; null without one."""
    found = pl.Series([None], dtype=pl.String).new_from_index(0, rows)
    for candidate in candidates:
        missing = found.null_count()
        if not missing:
            break
        names = host_names(candidate)
        found = names if missing == rows else pl.select(pl.coalesce(found, names)).to_series()
    return found


def host_names(text: pl.Series) -> pl.Series:
    """The host name that each value is, or, of a URL, contains; null where there is none."""
    looked_at = text.alias("text").to_frame().with_columns_seq(_IS_PLAIN)
    found = looked_at.select_seq(
        plain=pl.when("is plain").then("text"), is_odd=~pl.col("is plain") & (pl.col("text") != "")
    )
    plain = found["plain"]
    if not found["is_odd"].any():
        return plain
    odd = text.filter(found["is_odd"]).unique()
    rest = text.replace_strict(odd, _odd_names(odd), default=None, return_dtype=pl.String)
    return pl.select(pl.coalesce(plain, rest)).to_series()


def _odd_names(text: pl.Series) -> pl.Series:
    lower = text.str.to_lowercase().alias("text").to_frame()
    names = [
        name if is_plain else _host_name(value)
        for value, name, is_plain in zip(text, *lower.select_seq("text", _IS_PLAIN), strict=True)
    ]
    return pl.Series(names, dtype=pl.String)


def email_domains(text: pl.Series) -> pl.Series:
    """What stands behind the last @; null when that is not a domain."""
    has_account = text.str.contains(".@", literal=False)
    domain = pl.select(
        pl.when(has_account).then(text.str.extract(r"@([^@]*)$")).otherwise(pl.lit(""))
    )
    return host_names(domain.to_series())


def _host_name(text: str) -> str | None:
    name = text.strip()
    if authority := _AUTHORITY.match(name):
        name = authority[1]
    elif "://" not in name:
        name = re.split(r"[/?#]", name, maxsplit=1)[0]
        # A Host header may carry a port.
        name = re.sub(r":\d{1,5}$", "", name)
    try:
        return normalise_domain(name)
    except (ValueError, UnicodeError):
        return None
