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
    Refusal,
    RefusedRoute,
)
from baken.core.routes import Scope
from baken.core.text import one_line
from baken.lookups.given_answers import Findings, checked_mail, checked_number, filled_name
from baken.lookups.persons import (
    has_form_of_persons_name,
    is_desks_mailbox,
    is_free_mail,
    is_said_to_be_private,
    is_type_of_member,
)
from baken.lookups.placeholders import refusal_of
from baken.lookups.registries import country_of
from baken.lookups.registry_files.database import AbuseContact, Holding, Organisation

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
    stands at what it assigned to others. Where the holder looks like a private person, only the
    operator is named.
    """
    if not holdings:
        return Findings()
    narrowest, *around = holdings
    found: list[FoundRoute | RefusedRoute] = []
    operators = list(holdings)
    if narrowest.standing is NetworkStanding.ASSIGNMENT:
        named = _named_organisation(narrowest, around)
        if not _is_person(narrowest, named):
            found += _routes_of_holder(narrowest, around)
            operators = around
        else:
            found.append(RefusedRoute("the holder of the network", Refusal.PRIVATE_PERSON))
            if named is None or not is_type_of_member(named.type):
                operators = around  # else a provider's own network, for private persons
    found += _nearest_operator(operators, basis=Basis.ALLOCATION_ABUSE)
    holders = [_holder(holdings[place], holdings[place + 1 :]) for place in range(len(holdings))]
    return _findings(found, holders)


def findings_about_as_number(holdings: Sequence[Holding]) -> Findings:
    """What `holdings` of an AS number say: whoever announces it is an operator."""
    found = list(_nearest_operator(holdings, basis=Basis.AS_NUMBER_ABUSE))
    holders = [_holder(one, []) for one in holdings]
    return _findings(found, holders)


def _findings(found: Sequence[FoundRoute | RefusedRoute], listed: Sequence[Holder]) -> Findings:
    holders = [one for one in listed if one.name or one.handle or one.is_person]
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


def _named_organisation(one: Holding, around: Sequence[Holding]) -> Organisation | None:
    """Whom `one` names as its holder, where that is an organisation of the registry."""
    own = _own_organisation(one, around)
    if own is None and one.organisation is not None and not one.description:
        return one.organisation  # nobody else is named: the network is its own
    return own


def _is_person(one: Holding, named: Organisation | None) -> bool:
    """Whether the holder of `one` looks like a private person; `named` is its organisation.

    Who was handed a network to hand on is an operator. Of others a word about private persons
    decides, then whether the registry calls it a member, or it reads mail at a desk of its own
    domain; what is left is told by the form of its name.
    """
    if one.standing is NetworkStanding.ALLOCATION:
        return False
    name = named.name if named else one.description
    if any(map(is_said_to_be_private, (one.label, one.description, name))):
        return True
    if named is not None and (is_type_of_member(named.type) or _has_desk(named.mail)):
        return False
    return has_form_of_persons_name(name)


def _has_desk(mail: str) -> bool:
    return is_desks_mailbox(mail) and not is_free_mail(mail.rpartition("@")[2])


def _holder(one: Holding, around: Sequence[Holding]) -> Holder:
    """The holder of `one`; of a private person neither name nor handle is kept."""
    named = _named_organisation(one, around)
    country = country_of(one.country) or country_of(named.country if named else "")
    if _is_person(one, named):
        return Holder("", "", one.network, one.standing, country, is_person=True)
    name = (named.name if named else "") or one.description or one.label
    return Holder(named.handle if named else "", name, one.network, one.standing, country)


def _routes_of_holder(
    one: Holding, around: Sequence[Holding]
) -> Iterator[FoundRoute | RefusedRoute]:
    """The ways to the holder of `one`, which uses it."""
    own = _own_organisation(one, around)
    if own is not None:
        yield from _routes_of_owner(one, own)
    yield from _own_abuse(one, own, around)


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
        number = checked_number(own.phone, country=country_of(own.country or one.country))
        yield number if isinstance(number, RefusedRoute) else route(FoundChannel.PHONE, number)
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
        own = one.organisation
        handle = "" if own is None or _is_person(one, own) else own.handle
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
