"""What is read from the constituency: all assets as columns, and whom to warn."""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final
from uuid import UUID

import pyarrow as pa
import pyarrow.csv as pa_csv
from django.db import connection
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Lower

from baken.constituency.models import Asset, AssetVersion, Contact, Organisation
from baken.core.asset import AssetKind, parse_asset
from baken.matching import ASSET_SCHEMA

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

_ROLES_IN_ORDER: Final = (
    Contact.Role.SECURITY,
    Contact.Role.TECHNICAL,
    Contact.Role.GENERAL,
    Contact.Role.MANAGEMENT,
)


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
    """Which state the assets are in: it changes with every change of an asset."""
    return AssetVersion.objects.get().version


def versioned_assets() -> tuple[UUID, pa.Table]:
    """`asset_table` with the version that it is the state of."""
    before = asset_version()
    while True:
        assets, after = asset_table(), asset_version()
        if before == after:
            return before, assets
        before = after  # somebody changed the assets meanwhile: read them again


def contacts_to_warn(
    organisation_ids: Collection[int], *, unwanted: Collection[str] = ()
) -> dict[int, Contact]:
    """One contact with a mail address for each of these organisations, by its id.

    Who wants mail comes first, then by role (security, technical, general, management), then who
    was registered first. An address in `unwanted`, in any case, is passed over. An organisation
    with no such contact is not in the answer.
    """
    wants_mail = Case(When(channel=Contact.Channel.MAIL, then=Value(0)), default=Value(1))
    role_rank = Case(
        *(When(role=role, then=Value(rank)) for rank, role in enumerate(_ROLES_IN_ORDER))
    )
    chosen = (
        Contact.objects.filter(organisation__in=organisation_ids)
        .exclude(email="")
        .annotate(address=Lower("email"))
        .exclude(address__in=[address.lower() for address in unwanted])
        .order_by("organisation_id", wants_mail, role_rank, "id")
        .distinct("organisation_id")
    )
    return {contact.organisation_id: contact for contact in chosen}


@dataclass(frozen=True, slots=True)
class OrganisationTotals:
    """How many organisations there are, and to how many of them no mail can go."""

    organisations: int
    without_mail: int
    names_without_mail: list[str]
    """The first of them, by name."""


def organisation_totals(*, names: int) -> OrganisationTotals:
    """The organisations of today, counted; `names` is how many are named at most."""
    with_mail = Contact.objects.exclude(email="").values("organisation")
    mute = Organisation.objects.exclude(pk__in=with_mail)
    return OrganisationTotals(
        organisations=Organisation.objects.count(),
        without_mail=mute.count(),
        names_without_mail=list(mute.order_by("name").values_list("name", flat=True)[:names]),
    )


def names_of(organisation_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Reference and name of each of these organisations, by its id."""
    found = Organisation.objects.filter(pk__in=organisation_ids)
    rows = found.values_list("pk", "reference", "name")
    return {pk: (reference, name) for pk, reference, name in rows}


def find_organisation(what: str) -> Organisation | None:
    """The organisation with that reference, or else with that name in any case when only one has.

    Its contacts and assets are fetched along.
    """
    organisations = Organisation.objects.prefetch_related("contacts", "assets")
    by_reference = organisations.filter(reference=what).first()
    if by_reference:
        return by_reference
    by_name = list(organisations.filter(name__iexact=what)[:2])
    return by_name[0] if len(by_name) == 1 else None


def registered_organisations() -> pa.Array:
    """The ids of all organisations that signed up, in no order (int64)."""
    found = Organisation.objects.filter(standing=Organisation.Standing.REGISTERED).order_by()
    return pa.array(found.values_list("pk", flat=True).iterator(), pa.int64())


def organisations_with_mail(*, unwanted: Collection[str] = ()) -> pa.Array:
    """The ids of all organisations with a mail address that is not in `unwanted`, in no order."""
    found = Contact.objects.exclude(email="").annotate(address=Lower("email"))
    found = found.exclude(address__in=[address.lower() for address in unwanted]).order_by()
    return pa.array(found.values_list("organisation_id", flat=True).iterator(), pa.int64())


def names_like(text: str, *, limit: int) -> list[str]:
    """The organisations whose name or reference holds `text`, in any case; at most `limit`."""
    alike = Organisation.objects.filter(Q(name__icontains=text) | Q(reference__icontains=text))
    return [f"{one.name} ({one.reference})" for one in alike.order_by("name")[:limit]]


def assets_covering(text: str) -> list[Asset]:
    """The assets that hold the network, AS number or domain `text`, the narrowest first.

    All periods are given, also past ones. Raises `AssetRefusedError` when `text` is nothing that
    can be registered.
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
