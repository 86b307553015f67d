"""Unknown systems in columns: what tells them apart, how rows add up, and what they are counted by.

Frames here have the columns `COLUMNS`; the same step adds up the rows of a piece, and what many
pieces gave.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from baken.cases.systems import BY_NAME, addresses, named_addresses, system_of
from baken.core.asset import registrable_domain
from baken.core.classification import Tlp
from baken.core.observation import COUNTRY, AffectedRole
from baken.core.unknown_system import (
    IPV4_NEIGHBOURS,
    IPV6_NEIGHBOURS,
    UNKNOWN_GROUP_SCHEMA,
    UNKNOWN_SYSTEM_SCHEMA,
    CountryBy,
    GroupBy,
)

_OF_IDENTITY: Final = (
    "finding_kind", "ipv4", "ipv6_high", "ipv6_low", "network_bits", "affected_role", "port",
    "transport", "host_name", "email_domain", "tlp",
)  # fmt: skip
_OF_NEWEST: Final = (
    *_OF_IDENTITY[:-1], "hinted_name", "hint_origin", "url_host", "asn", "country", "product",
    "address_role", "feed", "report_type",
)  # fmt: skip
_SUMMED: Final = (
    "severity", "cves", "tlp", "operators", "first_seen_at", "last_seen_at", "sightings",
)  # fmt: skip
COLUMNS: Final = (*_OF_NEWEST, *_SUMMED)
"""The columns of a frame of unknown systems; all but the last seven are of the newest sighting."""

IDENTITY_READ: Final = (*_OF_IDENTITY, "address_role")
"""What must be read of an observation to tell unknown systems apart."""

READ: Final = (
    *IDENTITY_READ, "hinted_name", "hint_origin", "url", "asn", "product", "source", "report_type",
    "severity", "cves", "observed_at", "evidence",
)  # fmt: skip
"""What must be read of an observation to tell all of them."""

IDENTITY: Final = (
    "finding_kind", "of_ipv4", "of_ipv6_high", "of_ipv6_low", "of_bits", "of_port", "of_transport",
    "of_name", "is_red",
)  # fmt: skip
"""The columns that `identities` gives."""

_TLP_RANKS: Final = {label.value: label.rank for label in Tlp}
_TLP_LABELS: Final = {label.rank: label.value for label in Tlp}
# What a URL may hold as its host, and nothing else: others wrote it.
_URL_HOST: Final = (
    r"(?i)^[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?(\[[0-9a-f:.]+\]|[a-z0-9._-]{1,253})(?:[:/?#]|$)"
)
_COUNTRY: Final = r"^[A-Z]{2}$"


def identities(observations: pa.RecordBatch) -> pl.DataFrame:
    """The distinct systems of `observations` (`IDENTITY_READ`), as `IDENTITY`.

    They are told apart as cases are (`baken.cases.systems`), and TLP:RED from the others; in the
    order in which they come.
    """
    frame = pl.DataFrame(observations.select(list(_OF_IDENTITY)))
    return frame.select(_identity()).unique(maintain_order=True)


def observed_systems(
    observations: pa.RecordBatch, *, operators: pl.DataFrame | None
) -> pl.DataFrame:
    """The systems of `observations` (`READ`), added up.

    `operators` says of rows, by their place (``row``), who their operators are.
    """
    plain = observations.drop_columns(["evidence"])
    frame = pl.DataFrame(plain).rename({"source": "feed", "observed_at": "last_seen_at"})
    frame = frame.with_columns(
        url_host=pl.col("url").str.extract(_URL_HOST).str.to_lowercase(),
        country=_countries(observations["evidence"]),
        first_seen_at=pl.col("last_seen_at"),
        sightings=pl.lit(1, pl.Int64),
        operators=pl.lit(None, pl.List(pl.Int64)),
    )
    if operators is not None:
        held = operators.group_by("row").agg(operators=pl.col("organisation_id"))
        numbered = frame.drop("operators").with_row_index("row")
        frame = numbered.join(held, on="row", how="left", maintain_order="left")
    frame = frame.with_columns(pl.col("operators").fill_null([]), pl.col("cves").fill_null([]))
    return add_up_systems(frame.select(COLUMNS))


def add_up_systems(frame: pl.DataFrame) -> pl.DataFrame:
    """One row a system of `frame`, the one seen last at the end.

    Of what was seen at the same moment the later row counts.
    """
    keyed = frame.with_columns(_identity()).with_row_index("place")
    narrow = keyed.select(
        *IDENTITY, "place", "last_seen_at", "first_seen_at", "sightings", "severity",
        _tlp_rank(), "cves", "operators",
    ).sort("last_seen_at", maintain_order=True)  # fmt: skip
    groups = (
        narrow.with_row_index("order")
        .group_by(IDENTITY)
        .agg(
            pl.col("order").last(),
            pl.col("place").last(),
            pl.col("first_seen_at").min(),
            pl.col("last_seen_at").last(),
            pl.col("sightings").sum(),
            pl.col("severity").max(),
            pl.col("tlp_rank").max(),
            *(_all_of(frame, name) for name in ("cves", "operators")),
        )
        .sort("order")
    )
    newest = frame.select(_OF_NEWEST).select(pl.all().gather(groups["place"]))
    label = pl.col("tlp_rank").replace_strict(_TLP_LABELS, return_dtype=pl.String).alias("tlp")
    return newest.hstack(groups.with_columns(label).select(_SUMMED))


def as_unknown_systems(frame: pl.DataFrame) -> pa.Table:
    """`frame` as `UNKNOWN_SYSTEM_SCHEMA`, the newest sighting first."""
    # Of those seen at one moment, by what they are called: the same every time.
    told = frame.with_columns(address=addresses(frame), account=pl.lit(None, pl.String))
    told = told.with_columns(system=system_of(named_addresses(told)))
    by_source = pl.when(pl.col("country").is_not_null()).then(pl.lit(CountryBy.SOURCE.value))
    told = told.with_columns(country_by=by_source)
    ordered = told.sort(["last_seen_at", "system", "finding_kind"], descending=[True, False, False])
    return ordered.select(UNKNOWN_SYSTEM_SCHEMA.names).to_arrow().cast(UNKNOWN_SYSTEM_SCHEMA)


def addresses_of(systems: pa.Table) -> list[str | None]:
    """The address of each of `systems` (`UNKNOWN_SYSTEM_SCHEMA`), as `ipaddress` writes it."""
    frame = pl.DataFrame(systems.select(["ipv4", "ipv6_high", "ipv6_low"]))
    return frame.select(address=addresses(frame)).to_series().to_list()


def with_delegated_countries(systems: pa.Table, countries: Sequence[str]) -> pa.Table:
    """`systems` (`UNKNOWN_SYSTEM_SCHEMA`) in `countries`, as the registries' statistics say them.

    Where one of these is empty, what the source says stays.
    """
    frame = pl.DataFrame(systems.select(["country", "country_by"]))
    said = pl.Series(list(countries), dtype=pl.String).replace("", None)
    by = pl.when(said.is_not_null()).then(pl.lit(CountryBy.DELEGATED.value)).otherwise("country_by")
    placed = frame.select(country=pl.coalesce(said, "country"), country_by=by).to_arrow()
    for name in placed.column_names:
        field = UNKNOWN_SYSTEM_SCHEMA.field(name)
        place = systems.schema.get_field_index(name)
        systems = systems.set_column(place, field, placed[name].cast(field.type))
    return systems


def named_systems(observations: pa.RecordBatch) -> pl.DataFrame:
    """The finding kind and the system of each row, as `as_unknown_systems` calls it."""
    frame = pl.DataFrame(observations.select(list(_OF_IDENTITY)))
    told = frame.with_columns(address=addresses(frame), account=pl.lit(None, pl.String))
    return told.select("finding_kind", system=system_of(named_addresses(told)))


def group_systems(systems: pa.Table, by: GroupBy) -> pa.Table:
    """How many of `systems` (`UNKNOWN_SYSTEM_SCHEMA`) each network, domain or country has.

    Gives `UNKNOWN_GROUP_SCHEMA`; together the groups have all of them.
    """
    narrow = pl.DataFrame(systems.select(_GROUPED[by]))
    seen = pl.DataFrame(systems.select(["first_seen_at", "last_seen_at", "sightings"]))
    keys = {GroupBy.NETWORK: _by_network, GroupBy.DOMAIN: _by_domain, GroupBy.COUNTRY: _by_country}
    keyed = keys[by](narrow)
    names = keyed.columns
    groups = (
        keyed.hstack(seen)
        .group_by(names)
        .agg(
            pl.len().cast(pl.Int64).alias("systems"),
            pl.col("sightings").sum(),
            pl.col("first_seen_at").min(),
            pl.col("last_seen_at").max(),
        )
    )
    if by is GroupBy.NETWORK:
        groups = _with_networks(groups)
    ordered = groups.sort(
        ["systems", "last_seen_at", "value"], descending=[True, True, False], nulls_last=True
    )
    return ordered.select(UNKNOWN_GROUP_SCHEMA.names).to_arrow().cast(UNKNOWN_GROUP_SCHEMA)


_GROUPED: Final = {
    GroupBy.NETWORK: ["ipv4", "ipv6_high", "ipv6_low", "network_bits"],
    GroupBy.DOMAIN: ["host_name", "email_domain", "hinted_name"],
    GroupBy.COUNTRY: ["country"],
}


def _identity() -> list[pl.Expr]:
    """What `system_of` makes a system's name from, and no more; see there."""
    role, has_name = pl.col("affected_role"), pl.col("host_name").is_not_null()
    has_mail = pl.col("email_domain").is_not_null()
    has_address = pl.col("ipv4").is_not_null() | pl.col("ipv6_high").is_not_null()
    is_account = (role == AffectedRole.ACCOUNT.value) & has_mail
    is_name = ~is_account & has_name & (role.is_in(BY_NAME) | ~has_address)
    is_mail = is_account | (has_mail & ~has_address & ~has_name)
    is_address = has_address & ~is_account & ~is_name
    is_service = is_address & (role == AffectedRole.SERVICE.value) & pl.col("port").is_not_null()
    name = pl.when(is_name).then("host_name").when(is_mail).then("email_domain")
    return [
        pl.col("finding_kind"),
        pl.when(is_address).then("ipv4").alias("of_ipv4"),
        pl.when(is_address).then("ipv6_high").alias("of_ipv6_high"),
        pl.when(is_address).then("ipv6_low").alias("of_ipv6_low"),
        pl.when(is_address).then("network_bits").alias("of_bits"),
        pl.when(is_service).then("port").alias("of_port"),
        pl.when(is_service).then("transport").alias("of_transport"),
        name.alias("of_name"),
        (pl.col("tlp") == Tlp.RED.value).alias("is_red"),
    ]


def _tlp_rank() -> pl.Expr:
    ranks = pl.col("tlp").replace_strict(_TLP_RANKS, return_dtype=pl.UInt8)
    return ranks.alias("tlp_rank")


def _all_of(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Every distinct value in the lists of a group, sorted."""
    column = pl.col(name)
    if not frame[name].list.len().sum():
        return column.last()  # as empty as the others, and much quicker
    return column.list.explode().drop_nulls().unique().sort()


def _countries(evidence: pa.MapArray) -> pl.Series:
    """The country that each row's evidence names; null without one, or when it is no code."""
    offsets = evidence.offsets.to_numpy()
    start, end = int(offsets[0]), int(offsets[-1])
    keys = pl.Series(evidence.keys.slice(start, end - start), dtype=pl.String)
    found = (keys == COUNTRY).arg_true()
    countries = pl.repeat(None, len(evidence), dtype=pl.String, eager=True)
    if found.is_empty():
        return countries
    places = np.searchsorted(offsets, found.to_numpy() + start, side="right") - 1
    values = pl.Series(evidence.items.slice(start, end - start).take(found.to_arrow()))
    codes = pl.select(pl.when(values.str.contains(_COUNTRY)).then(values)).to_series()
    return countries.scatter(pl.Series(places), codes)


def _by_network(narrow: pl.DataFrame) -> pl.DataFrame:
    """The first address of each row's network, as numbers, and its length."""
    is_ipv4, is_ipv6 = pl.col("ipv4").is_not_null(), pl.col("ipv6_high").is_not_null()
    usual = pl.when(is_ipv4).then(IPV4_NEIGHBOURS).when(is_ipv6).then(IPV6_NEIGHBOURS)
    frame = narrow.with_columns(bits=pl.min_horizontal(usual.cast(pl.UInt8), "network_bits"))
    # The first address of a named network is cut already; only the usual lengths must be.
    ipv4 = pl.col("ipv4") // 2 ** (32 - IPV4_NEIGHBOURS) * 2 ** (32 - IPV4_NEIGHBOURS)
    high = pl.col("ipv6_high") // 2 ** (64 - IPV6_NEIGHBOURS) * 2 ** (64 - IPV6_NEIGHBOURS)
    return frame.select(
        ipv4=ipv4.cast(pl.UInt32),
        ipv6_high=high.cast(pl.UInt64),
        ipv6_low=pl.when(is_ipv6).then(pl.lit(0, pl.UInt64)),
        network_bits="bits",
        is_hint=pl.lit(False),
    )


def _with_networks(groups: pl.DataFrame) -> pl.DataFrame:
    told = groups.with_columns(address=addresses(groups))
    return told.with_columns(value=named_addresses(told))


def _by_domain(narrow: pl.DataFrame) -> pl.DataFrame:
    """The registered domain of each row's name, and whether the name is only a hint."""
    asked = pl.coalesce("host_name", "email_domain")
    frame = narrow.select(
        name=pl.coalesce(asked, "hinted_name"),
        is_hint=asked.is_null() & pl.col("hinted_name").is_not_null(),
    )
    names = frame["name"].drop_nulls().unique()
    domains = [registrable_domain(name) or None for name in names]
    known = pl.DataFrame(
        {"name": names, "value": domains}, schema={"name": pl.String, "value": pl.String}
    )
    joined = frame.join(known, on="name", how="left", maintain_order="left")
    # A name below no registered domain leads to nobody, whoever says it.
    return joined.select("value", is_hint=pl.col("is_hint") & pl.col("value").is_not_null())


def _by_country(narrow: pl.DataFrame) -> pl.DataFrame:
    return narrow.select(value="country", is_hint=pl.lit(False))
