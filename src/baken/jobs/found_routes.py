"""Takes in what an analyst found: a way to reach an organisation, or whom a system belongs to."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from baken.constituency.selectors import find_organisation
from baken.constituency.services import add_route_to
from baken.core.errors import TextRefusedError
from baken.core.lookup import FoundChannel
from baken.core.mail_address import routable_address
from baken.core.postal_address import normal_postal_address, postal_address_fault
from baken.discovery.services import add_found_route
from baken.lookups.telephone import callable_number


def add_route(
    what: str,
    *,
    channel: FoundChannel,
    address: str,
    organisation: str,
    source: str,
    by: str,
    now: datetime,
) -> str:
    """Keep the route; gives the name of the organisation that it leads to.

    `what` is the reference or name of an organisation that we know, or a system; then
    `organisation` names whose it is. Raises `TextRefusedError`.
    """
    readable = read_address(channel, address)
    known = find_organisation(what)
    if known is not None:
        add_route_to(known, channel=channel.value, address=readable, source=f"{by}: {source}")
        return known.name
    if not organisation:
        raise TextRefusedError(
            f"No organisation is called {what!r}.",
            remedy="For a system, say whose it is with --organisation NAME.",
        )
    add_found_route(
        what,
        channel=channel,
        address=readable,
        organisation=organisation,
        source=source,
        by=by,
        now=now,
    )
    return organisation


_PLAIN: Final = "Give one plain address, such as security@example.nl."
_REMEDY: Final = {
    FoundChannel.MAIL: _PLAIN,
    FoundChannel.LETTER: "Give it with its lines, such as "
    '"Voorbeeld B.V.; Dorpsstraat 1; 1234 AB Voorbeeldstad".',
}


def read_address(channel: FoundChannel, text: str) -> str:
    """`text` in the form of its channel; raises `TextRefusedError`."""
    try:
        match channel:
            case FoundChannel.MAIL:
                return routable_address(text)
            case FoundChannel.PHONE:
                return _telephone(text)
            case _:
                return _postal(text)
    except ValueError as error:
        raise TextRefusedError(str(error), remedy=_REMEDY[channel]) from error


def _postal(text: str) -> str:
    if fault := postal_address_fault(text):
        raise ValueError(fault)
    return normal_postal_address(text)


def _telephone(text: str) -> str:
    number = callable_number(text)
    if not number:
        raise TextRefusedError(
            f"{text[:40]!r} is not a telephone number.",
            remedy="Give it with its country, such as +31 20 123 4567.",
        )
    return number
