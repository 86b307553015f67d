"""Addressees of notifications: one row per name and address, which can be erased alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.db.models.functions import Lower

from baken.core.errors import NotFoundError
from baken.core.routes import Route
from baken.outbox.models import Addressee

_ADD: Final = """
    INSERT INTO outbox_addressee (channel, address, name, provider)
    SELECT DISTINCT channel, address, name, '' FROM unnest(
        %(channels)s::text[], %(addresses)s::text[], %(names)s::text[]
    ) AS said (channel, address, name)
    ON CONFLICT (channel, address, name) WHERE erased_at IS NULL DO NOTHING
"""

_FIND: Final = """
    SELECT said.route_id, a.id FROM unnest(
        %(routes)s::bigint[], %(channels)s::text[], %(addresses)s::text[], %(names)s::text[]
    ) AS said (route_id, channel, address, name)
    JOIN outbox_addressee AS a ON a.erased_at IS NULL
        AND (a.channel, a.address, a.name) = (said.channel, said.address, said.name)
"""


# In the order of ids: two senders may find the same addresses in any order.
_KEEP_PROVIDERS: Final = """
    WITH found AS (
        SELECT a.id, said.provider
        FROM unnest(%(addresses)s::text[], %(providers)s::text[]) AS said (address, provider)
        JOIN outbox_addressee AS a ON a.channel = %(channel)s AND a.address = said.address
        WHERE a.erased_at IS NULL
        ORDER BY a.id
        FOR NO KEY UPDATE OF a
    )
    UPDATE outbox_addressee AS a SET provider = found.provider, provider_found_at = %(now)s
    FROM found WHERE a.id = found.id
"""


def addressees_of(routes: Iterable[Route]) -> dict[int, int]:
    """The addressee of each of `routes`, by route id; made where there is none yet.

    Call it in the transaction that plans.
    """
    found = list(routes)
    said: dict[str, list[int] | list[str]] = {
        "routes": [route.id for route in found],
        "channels": [route.channel for route in found],
        "addresses": [route.address for route in found],
        "names": [route.recipient_name for route in found],
    }
    with connection.cursor() as cursor:
        cursor.execute(_ADD, said)
        cursor.execute(_FIND, said)
        return dict(cursor.fetchall())


def keep_providers(channel: str, providers: Mapping[str, str], *, now: datetime) -> None:
    """Write down who receives for these addresses of `channel`."""
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP_PROVIDERS,
            {
                "channel": channel,
                "now": now,
                "addresses": list(providers),
                "providers": list(providers.values()),
            },
        )


def erase_addressee(address: str, *, now: datetime) -> int:
    """Take name and address out of the ledger; notifications and deliveries stay as facts.

    The address is compared without regard to case. Gives how many rows were erased; key: the
    address, so that a second call finds none. Notifications that wait are not withdrawn: suppress
    the address first. Raises `NotFoundError`.
    """
    with transaction.atomic():
        mine = Addressee.objects.alias(lower=Lower("address")).filter(
            lower=address.lower(), erased_at=None
        )
        erased = mine.update(address="", name="", erased_at=now)
    if not erased:
        raise NotFoundError(
            f"The ledger has nobody at {address}.", remedy="Look the address up with baken explain."
        )
    return erased
