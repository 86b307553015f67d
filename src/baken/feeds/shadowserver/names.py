"""Host names and e-mail domains in columns: lower case, IDNA, no trailing dot; or null."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import polars as pl

from baken.core.asset import has_known_suffix, normalise_domain

_PLAIN_NAME: Final = r"^(?:[a-z0-9_]+(?:-+[a-z0-9_]+)*\.)+[a-z_][a-z0-9_]*(?:-+[a-z0-9_]+)*$"
"""A name that is in its normal form for sure, when it is short and has no "xn--" in it."""
_IS_PLAIN: Final = (
    pl.col("text").str.contains(_PLAIN_NAME)
    & (pl.col("text").str.len_bytes() <= 63)
    & ~pl.col("text").str.contains("xn--", literal=True)
).alias("is plain")

_AUTHORITY: Final = r"(?i)^(?:[a-z][a-z0-9+.-]*:)?[/\\]{2}(?:[^/?#\\]*@)?([^/?#:\\]*)"
"""The host of a URL (RFC 3986, 3.2), without user information and port.

A backslash is a slash, as to browsers: what stands behind it is no host.
"""
_IN_URL: Final = re.compile(_AUTHORITY)
_ADDRESS_AS_HOST: Final = r"^(?:\[|[0-9.]+$)"
_BARE_HOST: Final = r"(?i)^((?:[^/?#:@\\\s]+\.)+[^/?#:@\\\s.]+)(?::[0-9]{1,5})?/"
"""What stands before the first slash of a URL without a scheme, if it has a dot."""


def first_host_name(
    candidates: Sequence[pl.Series], *, are_urls: Sequence[bool], rows: int
) -> pl.Series:
    """Of each row the first candidate that is, or as a URL has, a host name; null without one."""
    found = pl.Series([None], dtype=pl.String).new_from_index(0, rows)
    for candidate, is_url in zip(candidates, are_urls, strict=True):
        missing = found.null_count()
        if not missing:
            break
        names = url_hosts(candidate) if is_url else host_names(candidate)
        found = names if missing == rows else pl.select(pl.coalesce(found, names)).to_series()
    return found


def url_hosts(urls: pl.Series) -> pl.Series:
    """The host name in each URL; null where there is none, as in a path.

    Without a scheme, what stands before the first slash is a host only under a suffix under which
    names are registered: "login.php/x" is a path.
    """
    authority = urls.str.extract(_AUTHORITY)
    bare = urls.str.extract(_BARE_HOST)
    if bare.null_count() < len(bare):
        told = bare.drop_nulls().unique()
        hosts = told.filter(pl.Series([_is_under_suffix(name) for name in told], dtype=pl.Boolean))
        is_host = bare.is_in(hosts.implode()) & authority.is_null()
        authority = pl.select(pl.when(is_host).then(bare).otherwise(authority)).to_series()
    return host_names(authority.fill_null(""))


def has_address_as_host(urls: pl.Series) -> pl.Series:
    """Whether the host of each URL is an address."""
    return urls.str.extract(_AUTHORITY).str.contains(_ADDRESS_AS_HOST).fill_null(value=False)


def _is_under_suffix(name: str) -> bool:
    try:
        return has_known_suffix(normalise_domain(name))
    except (ValueError, UnicodeError):
        return False


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
    if authority := _IN_URL.match(name):
        name = authority[1]
    elif "://" not in name:
        name = re.split(r"[/?#\\]", name, maxsplit=1)[0]
        # A Host header may carry a port.
        name = re.sub(r":\d{1,5}$", "", name)
    try:
        return normalise_domain(name)
    except (ValueError, UnicodeError):
        return None
