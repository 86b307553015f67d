"""What is read from the constituency: all assets as columns, and the routes to whom to warn."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_network
from typing import Any, Final
from uuid import UUID

import pyarrow as pa
import pyarrow.csv as pa_csv
from django.db import connection
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower

from baken.constituency.models import Asset, AssetVersion, Contact, Organisation
from baken.constituency.models import Route as RouteRow
from baken.core.asset import AssetKind, parse_asset
from baken.core.routes import Route, Scope, ranked
from baken.matching import ASSET_SCHEMA
from baken.settings.statements import Blank, Statement, is_any_of

# COPY hands over millions of rows without making a Python object of any. Times travel as
# microseconds since 1970, which needs no parsing and loses nothing.
_ASSETS: Final = """
COPY (
    SELECT id AS asset_id, organisation_id, kind, network, asn, domain,
           (extract(epoch FROM valid_from) * 1000000)::bigint AS valid_from,
           (extract(epoch FROM valid_until) * 1000000)::bigint AS valid_until
    FROM constituency_asset ORDER BY id
) TO STDOUT (FORMAT csv, HEADER true)
"""

_ROLE_RANKS: Final = {
    role.value: rank
    for rank, role in enumerate(
        (
            Contact.Role.SECURITY,
            Contact.Role.TECHNICAL,
            Contact.Role.GENERAL,
            Contact.Role.MANAGEMENT,
        )
    )
}


def asset_table() -> pa.Table:
    """All assets, of registered and discovered organisations, as `ASSET_SCHEMA`, by id."""
    text = io.BytesIO()
    with connection.cursor() as cursor, cursor.copy(_ASSETS) as copy:
        for block in copy:
            text.write(block)
    text.seek(0)
    wanted = {
        field.name: pa.int64() if pa.types.is_timestamp(field.type) else field.type
        for field in ASSET_SCHEMA
    }
    options = pa_csv.ConvertOptions(column_types=wanted, null_values=[""], strings_can_be_null=True)
    return pa_csv.read_csv(text, convert_options=options).cast(ASSET_SCHEMA)


def asset_version() -> UUID:
    """The version of the assets; it changes with every change of an asset."""
    return AssetVersion.objects.get().version


def versioned_assets() -> tuple[UUID, pa.Table]:
    """`asset_table` with the version that it is the state of."""
    before = asset_version()
    while True:
        assets, after = asset_table(), asset_version()
        if before == after:
            return before, assets
        before = after  # somebody changed the assets meanwhile: read them again


def route_addresses() -> Iterator[str]:
    """The addresses of all routes, as they are kept."""
    return RouteRow.objects.order_by().values_list("address", flat=True).iterator()


def routes_of(
    organisation_ids: Collection[int], *, now: datetime, unwanted: Collection[str] = ()
) -> dict[int, tuple[Route, ...]]:
    """The routes to each of these organisations, by its id, in the order in which they are tried.

    Where nobody said which are inside, the domains that the organisation has at `now` do. A route
    whose address is in `unwanted`, in any case, says so. An organisation without routes is not in
    the answer.
    """
    found: dict[int, list[Route]] = {}
    rows = RouteRow.objects.filter(contact__organisation__in=organisation_ids)
    for route in _routes(rows, now=now, unwanted=unwanted):
        found.setdefault(route.organisation_id, []).append(route)
    return {organisation_id: ranked(routes) for organisation_id, routes in found.items()}


def is_address_of_a_contact(address: str) -> bool:
    """Whether any contact has a route to `address`, in any case of its letters."""
    return RouteRow.objects.filter(address__iexact=address).exists()


def routes_by_id(route_ids: Collection[int], *, now: datetime) -> dict[int, Route]:
    """Those of these routes that still exist, also the ended ones."""
    found = _ROUTES_BY_ID.rows(ids=list(route_ids), now=now)
    return {route.id: route for route in map(_route_of_row, found)}


# What was said counts. Else the most specific registered name decides, as it does in matching: an
# address is inside when the organisation holds that name. What has no domain, such as a telephone
# number, is not. The ORM has no word for the names above a name.
_IS_INSIDE: Final = """
coalesce(constituency_route.is_inside, (
    SELECT bool_or(a.organisation_id = constituency_contact.organisation_id)
    FROM string_to_array(lower(CASE
        WHEN constituency_route.address LIKE '%%://%%'
        THEN substring(constituency_route.address from '://(?:[^/?#]*@)?([^/:?#]+)')
        ELSE substring(constituency_route.address from '@([^@]+)$')
    END), '.') AS labels,
        generate_series(1, cardinality(labels) - 1) AS nth,
        constituency_asset AS a
    WHERE a.domain = array_to_string(labels[nth:], '.')
        AND (a.valid_from IS NULL OR a.valid_from <= %s)
        AND (a.valid_until IS NULL OR %s < a.valid_until)
    GROUP BY nth
    ORDER BY nth
    LIMIT 1
), false)
"""


def _is_inside(now: datetime | Blank) -> RawSQL:
    return RawSQL(_IS_INSIDE, [now, now], output_field=BooleanField())  # noqa: S611 - a constant


def _routes(
    rows: QuerySet[RouteRow], *, now: datetime, unwanted: Collection[str] = ()
) -> Iterator[Route]:
    left_alone = {address.lower() for address in unwanted}
    for row in _values_of_routes(rows, now=now):
        route = _route_of_row(row)
        yield replace(route, is_unwanted=True) if route.address.lower() in left_alone else route


def _values_of_routes(rows: QuerySet[RouteRow], *, now: datetime | Blank) -> QuerySet[Any, Any]:
    """What `_route_of_row` takes, of each of `rows`."""
    return (
        rows.order_by()
        .annotate(is_their_own=_is_inside(now))
        .values_list(
            "id", "contact__organisation_id", "channel", "address", "contact_id", "contact__name",
            "contact__language", "contact__time_zone", "scope", "is_their_own", "source",
            "confidence", "valid_until", "state", "contact__channel", "contact__role",
        )
    )  # fmt: skip


def _route_of_row(row: Sequence[Any]) -> Route:
    (
        pk, organisation_id, channel, address, contact_id, name, language, time_zone, scope,
        is_inside, source, confidence, valid_until, state, preferred, role,
    ) = row  # fmt: skip
    return Route(
        id=pk,
        organisation_id=organisation_id,
        channel=channel,
        address=address,
        contact_id=contact_id,
        recipient_name=name,
        language=language,
        time_zone=time_zone,
        scope=_SCOPES[scope],
        is_inside=is_inside,
        source=source,
        confidence=confidence,
        valid_until=valid_until,
        is_ended=state == RouteRow.State.ENDED,
        is_preferred=preferred == channel,
        role_rank=_ROLE_RANKS[role],
    )


def _with_these_ids() -> QuerySet[Any, Any]:
    is_asked = is_any_of("constituency_route.id", blank="ids")
    return _values_of_routes(RouteRow.objects.filter(is_asked), now=Blank("now"))


_ROUTES_BY_ID: Final = Statement(_with_these_ids)
_SCOPES: Final = {scope.value: scope for scope in Scope}


@dataclass(frozen=True, slots=True)
class OrganisationTotals:
    """How many organisations there are, and how many of them no channel reaches."""

    organisations: int
    unreachable: int
    names_unreachable: list[str]
    """The first of them, by name."""


def organisation_totals(
    *, channels: Collection[str], names: int, now: datetime
) -> OrganisationTotals:
    """The organisations of today, counted; `names` is how many are named at most.

    One is unreachable when none of its routes is of one of `channels` and holds now.
    """
    reachable = _open_routes(channels, now=now).values("contact__organisation")
    mute = Organisation.objects.exclude(pk__in=reachable)
    return OrganisationTotals(
        organisations=Organisation.objects.count(),
        unreachable=mute.count(),
        names_unreachable=list(mute.order_by("name").values_list("name", flat=True)[:names]),
    )


def organisations_without_wanted_route(
    *, channels: Collection[str], unwanted: Collection[str], now: datetime
) -> dict[str, str]:
    """Those with open routes of `channels`, all to addresses in `unwanted`: name by reference.

    In the order of their names. The case of an address does not matter.
    """
    routes = _open_routes(channels, now=now).annotate(lower=Lower("address"))
    left_alone = [address.lower() for address in unwanted]
    found = Organisation.objects.filter(
        pk__in=routes.filter(lower__in=left_alone).values("contact__organisation")
    ).exclude(pk__in=routes.exclude(lower__in=left_alone).values("contact__organisation"))
    return dict(found.order_by("name").values_list("reference", "name"))


def organisations_at(address: str, *, now: datetime) -> dict[str, str]:
    """Those with an open route to `address`, in any case: name by reference, ordered by name."""
    there = _open_routes(used_channels(), now=now).filter(address__iexact=address)
    found = Organisation.objects.filter(pk__in=there.values("contact__organisation"))
    return dict(found.order_by("name").values_list("reference", "name"))


def open_addresses(contact: Contact, *, now: datetime) -> tuple[str, ...]:
    """The addresses at which `contact` is reached now; its routes should be fetched."""
    return tuple(
        route.address
        for route in contact.routes.all()
        if route.state == RouteRow.State.ACTIVE
        and (route.valid_until is None or route.valid_until > now)
    )


def organisations_with_domains_only(*, now: datetime) -> dict[int, str]:
    """The names of the participants that hold a domain now, and no network or AS number; by id."""
    held = Asset.objects.filter(
        Q(valid_from=None) | Q(valid_from__lte=now), Q(valid_until=None) | Q(valid_until__gt=now)
    ).order_by()
    is_domain = Q(kind=Asset.Kind.DOMAIN)
    found = Organisation.objects.filter(
        standing=Organisation.Standing.REGISTERED,
        pk__in=held.filter(is_domain).values("organisation"),
    ).exclude(pk__in=held.exclude(is_domain).values("organisation"))
    return dict(found.order_by("name").values_list("pk", "name"))


def _open_routes(channels: Collection[str], *, now: datetime) -> QuerySet[RouteRow]:
    routes = RouteRow.objects.filter(channel__in=channels, state=RouteRow.State.ACTIVE)
    return routes.filter(Q(valid_until=None) | Q(valid_until__gt=now)).order_by()


def names_of(organisation_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Reference and name of each of these organisations, by its id."""
    found = Organisation.objects.filter(pk__in=organisation_ids)
    rows = found.values_list("pk", "reference", "name")
    return {pk: (reference, name) for pk, reference, name in rows}


def find_organisation(what: str) -> Organisation | None:
    """The organisation with that reference, or else with that name in any case when only one has.

    Its contacts with their routes, and its assets, are fetched along.
    """
    organisations = Organisation.objects.prefetch_related("contacts__routes", "assets")
    by_reference = organisations.filter(reference=what).first()
    if by_reference:
        return by_reference
    by_name = list(organisations.filter(name__iexact=what)[:2])
    return by_name[0] if len(by_name) == 1 else None


def is_anybody_known() -> bool:
    """Whether there is any organisation."""
    return Organisation.objects.exists()


def is_registered(standing: str) -> bool:
    """Whether an organisation of that standing signed up."""
    return standing == Organisation.Standing.REGISTERED


def discovered_organisations() -> set[int]:
    """The ids of the organisations that never signed up and were not forgotten yet."""
    found = Organisation.objects.filter(standing=Organisation.Standing.DISCOVERED)
    return set(found.exclude(name="").order_by().values_list("pk", flat=True))


def registered_organisations() -> pa.Array:
    """The ids of all organisations that signed up, in no order (int64)."""
    found = Organisation.objects.filter(standing=Organisation.Standing.REGISTERED).order_by()
    return pa.array(found.values_list("pk", flat=True).iterator(), pa.int64())


def organisations_with_route(
    channel: str, *, now: datetime, unwanted: Collection[str] = (), is_inside: bool | None = None
) -> pa.Array:
    """The ids of all organisations with an open route of `channel` that is not in `unwanted`.

    Inside or outside the organisation, where `is_inside` asks for it. In no order (int64).
    """
    found = _open_routes([channel], now=now).annotate(lower=Lower("address"))
    found = found.exclude(lower__in=[address.lower() for address in unwanted])
    if is_inside is not None:
        found = found.annotate(is_their_own=_is_inside(now)).filter(is_their_own=is_inside)
    ids = found.values_list("contact__organisation_id", flat=True)
    return pa.array(ids.iterator(), pa.int64())


def used_channels() -> frozenset[str]:
    """The channels of all routes, also the ended ones."""
    return frozenset(RouteRow.objects.order_by().values_list("channel", flat=True).distinct())


def names_like(text: str, *, limit: int) -> list[str]:
    """The organisations whose name or reference holds `text`, in any case; at most `limit`."""
    alike = Organisation.objects.filter(Q(name__icontains=text) | Q(reference__icontains=text))
    return [f"{one.name} ({one.reference})" for one in alike.order_by("name")[:limit]]


def assets_covering(text: str) -> list[Asset]:
    """The assets that hold the network, AS number or domain `text`, the narrowest first.

    All periods are given, also past ones. Raises `AssetRefusedError` when `text` cannot be
    registered.
    """
    sought = parse_asset(text, allow_documentation=True)
    assets = Asset.objects.select_related("organisation")
    match sought.kind:
        case AssetKind.NETWORK:
            # The ORM has no word for "contains or equals" on networks.
            covering = assets.extra(where=["network >>= %s"], params=[sought.value])
            return sorted(covering, key=lambda asset: -ip_network(asset.network).prefixlen)
        case AssetKind.ASN:
            return list(assets.filter(asn=sought.asn).order_by("organisation"))
        case AssetKind.DOMAIN:
            labels = sought.value.split(".")
            names = [".".join(labels[start:]) for start in range(len(labels))]
            covering = assets.filter(domain__in=names)
            return sorted(covering, key=lambda asset: -asset.value.count("."))
