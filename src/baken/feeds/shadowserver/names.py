"""Host names and e-mail domains in columns: lower case, IDNA, no trailing dot; or null."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import polars as pl

from baken.core.asset import normalise_domain

_PLAIN_NAME: Final = r"^(?:[a-z0-9_]+(?:-+[a-z0-9_]+)*\.)+(?:[a-z0-9_]+-+)*[a-z0-9_]*[a-z_]$"
"""A name that is in its normal form for sure, when it is short and has no "xn--" in it."""

_AUTHORITY: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#]*@)?([^/?#:]*)", re.IGNORECASE)
"""The host of a URL (RFC 3986, 3.2), without user information and port."""


def first_host_name(candidates: Sequence[pl.Series], *, rows: int) -> pl.Series:
    """Of each row the first candidate that is, or as a URL has, a host name; null without one."""
    found = pl.Series([None], dtype=pl.String).new_from_index(0, rows)
    for candidate in candidates:
        missing = found.is_null()
        if not missing.any():
            break
        found = pl.select(pl.coalesce(found, host_names(candidate))).to_series()
    return found


def host_names(text: pl.Series) -> pl.Series:
    """The host name that each value is, or, of a URL, contains; null where there is none."""
    lower = text.str.to_lowercase()
    is_plain = lower.str.contains(_PLAIN_NAME) & (lower.str.len_bytes() <= 63)
    is_plain &= ~lower.str.contains("xn--", literal=True)
    plain = pl.select(pl.when(is_plain).then(lower)).to_series()
    odd = text.filter(~is_plain & (text != "")).unique()
    if odd.is_empty():
        return plain
    values = odd.to_list()
    normal = pl.Series([_host_name(value) for value in values], dtype=pl.String)
    rest = text.replace_strict(odd, normal, default=None, return_dtype=pl.String)
    return pl.select(pl.coalesce(plain, rest)).to_series()


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
