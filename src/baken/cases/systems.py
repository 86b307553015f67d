"""How a case names its system: an address, a service, a site, an account, an organisation."""

from __future__ import annotations

import ipaddress
from typing import Final

import polars as pl

from baken.core.observation import AffectedRole

BY_NAME: Final = [AffectedRole.SITE.value, AffectedRole.ORGANISATION.value]
"""The roles of what is known by its name before its address."""


def addresses(frame: pl.DataFrame) -> pl.Series:
    """The address of each row of `frame` in text; null where it has none."""
    octets = [(pl.col("ipv4") // 256**power) % 256 for power in (3, 2, 1, 0)]
    ipv4 = pl.concat_str(octets, separator=".")
    halves = frame.select("ipv6_high", "ipv6_low").filter(pl.col("ipv6_high").is_not_null())
    if halves.is_empty():
        return frame.select(ipv4).to_series()
    distinct = halves.unique()
    written = [str(ipaddress.IPv6Address((high << 64) | low)) for high, low in distinct.iter_rows()]
    known = distinct.with_columns(ipv6=pl.Series(written))
    joined = frame.join(known, on=["ipv6_high", "ipv6_low"], how="left", maintain_order="left")
    return joined.select(pl.coalesce(ipv4, "ipv6")).to_series()


def named_addresses(frame: pl.DataFrame) -> pl.Expr:
    """The address, or the network, that each row names; `frame` has a column ``address``."""
    if frame["network_bits"].null_count() == frame.height:
        return pl.col("address")
    network = pl.format("{}/{}", "address", "network_bits")
    return pl.coalesce(network, "address")  # without a length, no network


def system_of(address: pl.Expr) -> pl.Expr:
    """What a case calls the system of a row, given `named_addresses`.

    The row has the columns affected_role, port, transport, host_name, email_domain and account.
    """
    # An address with its port is one service; the port from which something was sent is not. Where
    # the transport is not known, none is named.
    role = pl.col("affected_role")
    shown = pl.when(address.str.contains(":", literal=True)).then(pl.format("[{}]", address))
    service = pl.format("{}:{}", shown.otherwise(address), pl.col("port"))
    service = pl.coalesce(pl.format("{}/{}", service, pl.col("transport")), service)
    anything = pl.coalesce(address, "host_name", "email_domain", pl.lit("?"))
    return (
        pl.when(role == AffectedRole.ACCOUNT.value)
        .then(pl.coalesce("account", "email_domain", anything))
        .when(role.is_in(BY_NAME))
        .then(pl.coalesce("host_name", anything))
        .when((role == AffectedRole.SERVICE.value) & pl.col("port").is_not_null())
        .then(pl.coalesce(service, anything))
        .otherwise(anything)
        .str.slice(0, 300)
    )
