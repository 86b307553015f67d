"""A made-up nation in the database, by COPY: what measurements of cases and plans start from."""

from __future__ import annotations

import io
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from django.db import connection, transaction

_COPY_ORGANISATIONS: Final = """
COPY constituency_organisation (id, reference, name, standing, sector, rhythm)
FROM STDIN (FORMAT csv)
"""
_COPY_CONTACTS: Final = """
COPY constituency_contact (id, organisation_id, name, role, language, channel)
FROM STDIN (FORMAT csv)
"""
_COPY_ROUTES: Final = """
COPY constituency_route (contact_id, channel, address, scope, is_inside, source, confidence, state)
FROM STDIN (FORMAT csv)
"""
_COPY_ASSETS: Final = """
COPY constituency_asset (
    id, organisation_id, kind, value, network, asn, domain, valid_from, valid_until
) FROM STDIN (FORMAT csv)
"""


def register(assets: pa.Table) -> int:
    """Put `assets` (ASSET_SCHEMA) and the organisations that hold them into an empty database.

    Each organisation has a security contact. Gives how many organisations there are.
    """
    ids = pc.unique(assets["organisation_id"]).sort()
    numbers = ids.cast(pa.string())
    count = len(ids)

    def words(word: str) -> pa.Array:
        return pa.array([word]).take(pa.array([0] * count))

    def joined(before: str, after: str = "") -> pa.Array:
        return pc.binary_join_element_wise(words(before), numbers, words(after), "")

    organisations = [
        ids,
        joined("org-"),
        joined("Bedrijf "),
        words("registered"),
        words(""),
        words(""),
    ]
    contacts = [ids, ids, words(""), words("security"), words("nl"), words("mail")]
    routes = [
        ids, words("mail"), joined("security@bedrijf-", ".example"), words("owner"), words("true"),
        words("import"), words("100"), words("active"),
    ]  # fmt: skip
    value = pc.coalesce(
        assets["network"],
        assets["domain"],
        pc.binary_join_element_wise("AS", assets["asn"].cast(pa.string()), ""),
    )
    names = ["asset_id", "organisation_id", "kind", "network", "asn", "domain"]
    columns = [assets[name] for name in names]
    moments = [assets[name].cast(pa.string()) for name in ("valid_from", "valid_until")]
    held = [*columns[:3], value, *columns[3:], *moments]
    with transaction.atomic():
        _copy(_COPY_ORGANISATIONS, organisations)
        _copy(_COPY_CONTACTS, contacts)
        _copy(_COPY_ROUTES, routes)
        _copy(_COPY_ASSETS, held)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return count


def _copy(statement: str, columns: list[pa.Array | pa.ChunkedArray]) -> None:
    table = pa.table({str(place): column for place, column in enumerate(columns)})
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for batch in table.to_batches(max_chunksize=100_000):
            text = io.BytesIO()
            options = pa_csv.WriteOptions(include_header=False, quoting_style="needed")
            pa_csv.write_csv(pa.Table.from_batches([batch]), text, options)
            copy.write(text.getvalue())
