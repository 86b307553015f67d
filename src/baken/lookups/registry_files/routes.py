"""Holders and routes out of what registries say of the networks around an address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from baken.core.lookup import (
    Basis,
    FoundChannel,
    FoundRoute,
    Holder,
    NetworkStanding,
    RefusedRoute,
)
from baken.core.routes import Scope
from baken.core.text import one_line
from baken.lookups.given_answers import Findings, checked_mail, filled_name
from baken.lookups.placeholders import refusal_of
from baken.lookups.registry_files.database import AbuseContact, Holding, Organisation
from baken.lookups.telephone import callable_number

_FEWEST_LINES: Final = 2
_MOST_LINES: Final = 8
_ABUSE_MAILBOX: Final = 90
_OTHER_MAILBOX: Final = 60
"""Confidence in a mailbox of the desk for abuse that is not named for abuse."""
_HOLDER: Final = 80
_UNSAID: Final = 20
"""Taken off where the registry does not say how the network is held."""


def findings_about_address(holdings: Sequence[Holding]) -> Findings:
    """What `holdings`, the narrowest first, say of an address.

    The holder of an assigned network is its owner; whoever holds the network around it is the
    operator. An organisation that also holds the network around counts as the operator: it often
    stands at what it assigned to others.
    """
    if not holdings:
        return Findings()
    narrowest, *around = holdings
    own = _own_organisation(narrowest, around)
    found: list[FoundRoute | RefusedRoute] = []
    if narrowest.standing is NetworkStanding.ASSIGNMENT and own is not None:
        found += _routes_of_owner(narrowest, own)
    if narrowest.standing is NetworkStanding.ASSIGNMENT:
        found += _own_abuse(narrowest, own, around)
        operators = around
    else:
        operators = list(holdings)
    found += _nearest_operator(operators, basis=Basis.ALLOCATION_ABUSE)
    holders = [_holder(holdings[place], holdings[place + 1 :]) for place in range(len(holdings))]
    return _findings(found, [one for one in holders if one.name or one.handle])


def findings_about_as_number(holdings: Sequence[Holding]) -> Findings:
    """What `holdings` of an AS number say: whoever announces it is an operator."""
    found = list(_nearest_operator(holdings, basis=Basis.AS_NUMBER_ABUSE))
    holders = [_holder(one, []) for one in holdings]
    return _findings(found, [one for one in holders if one.name or one.handle])


def _findings(found: Sequence[FoundRoute | RefusedRoute], holders: Sequence[Holder]) -> Findings:
    routes = {
        (one.channel, one.address): one for one in reversed(found) if isinstance(one, FoundRoute)
    }
    handles = {holder.handle for holder in holders}
    return Findings(
        routes=tuple(
            one
            for one in found
            if isinstance(one, FoundRoute)
            and routes[one.channel, one.address] is one
            and one.holder in handles | {""}
        ),
        holders=tuple(holders),
        refused=tuple(dict.fromkeys(one for one in found if isinstance(one, RefusedRoute))),
    )


def _own_organisation(one: Holding, around: Sequence[Holding]) -> Organisation | None:
    """The organisation of `one`, unless it holds a network around it too."""
    own = one.organisation
    if own is None or own.handle in {
        wider.organisation.handle for wider in around if wider.organisation
    }:
        return None
    return own


def _holder(one: Holding, around: Sequence[Holding]) -> Holder:
    own = _own_organisation(one, around)
    if own is None and one.organisation is not None and not one.description:
        own = one.organisation  # nobody else is named: the network is its own
    name = (own.name if own else "") or one.description or one.label
    country = one.country or (own.country if own else "")
    return Holder(
        own.handle if own else "",
        name,
        network=one.network,
        standing=one.standing,
        country=country if len(country) == 2 and country.isascii() and country.isalpha() else "",
    )


def _routes_of_owner(one: Holding, own: Organisation) -> Iterator[FoundRoute | RefusedRoute]:
    def route(channel: FoundChannel, address: str) -> FoundRoute:
        return FoundRoute(
            channel,
            address,
            Scope.OWNER,
            Basis.ASSIGNMENT_HOLDER,
            _HOLDER,
            name=own.name,
            holder=own.handle,
        )

    if own.mail:
        mail = checked_mail(own.mail)
        yield mail if isinstance(mail, RefusedRoute) else route(FoundChannel.MAIL, mail)
    if own.phone:
        number = callable_number(own.phone, country=own.country or one.country)
        if number:
            yield route(FoundChannel.PHONE, number)
    lines = [one_line(line, limit=100) for line in own.address if line.strip()]
    if len(lines) >= _FEWEST_LINES and own.name and not any(map(refusal_of, lines)):
        yield route(FoundChannel.LETTER, "\n".join([own.name, *lines[:_MOST_LINES]]))


def _own_abuse(
    one: Holding, own: Organisation | None, around: Sequence[Holding]
) -> Iterator[FoundRoute | RefusedRoute]:
    """The abuse contact that the assigned network names, unless it is the operator's."""
    contact = one.abuse or (own.abuse if own else None)
    if contact is None or contact.mail in {
        desk.mail for wider in around if (desk := _desk(wider)) is not None
    }:
        return
    yield _desk_route(
        contact, Scope.OWNER, Basis.ASSIGNMENT_ABUSE, holder=own.handle if own else ""
    )


def _nearest_operator(
    holdings: Sequence[Holding], *, basis: Basis
) -> Iterator[FoundRoute | RefusedRoute]:
    """The desk of the narrowest of `holdings` that has one that can be written to."""
    for one in holdings:
        contact = _desk(one)
        if contact is None:
            continue
        handle = one.organisation.handle if one.organisation else ""
        route = _desk_route(contact, Scope.NETWORK, basis, holder=handle)
        if isinstance(route, FoundRoute) and one.standing is NetworkStanding.UNSAID:
            is_network = basis is Basis.ALLOCATION_ABUSE
            lower = route.confidence - (_UNSAID if is_network else 0)
            route = FoundRoute(
                route.channel, route.address, route.scope, basis, lower,
                name=route.name, holder=handle,
            )  # fmt: skip
        yield route
        if isinstance(route, FoundRoute):
            return


def _desk(one: Holding) -> AbuseContact | None:
    return one.abuse or (one.organisation.abuse if one.organisation else None)


def _desk_route(
    contact: AbuseContact, scope: Scope, basis: Basis, *, holder: str
) -> FoundRoute | RefusedRoute:
    mail = checked_mail(contact.mail)
    if isinstance(mail, RefusedRoute):
        return mail
    return FoundRoute(
        FoundChannel.MAIL,
        mail,
        scope,
        basis,
        _ABUSE_MAILBOX if contact.is_abuse_mailbox else _OTHER_MAILBOX,
        name=filled_name(contact.name) if contact.name else "",
        holder=holder,
    )
