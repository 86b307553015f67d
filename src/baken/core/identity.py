"""By what a discovered organisation is known again: a registry's handle, a domain, or a network."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from baken.core.asset import registrable_domain
from baken.core.ladder import Answers, Sought, counted_names, is_shared_name
from baken.core.lookup import Holder, NetworkStanding, Subject, SubjectKind
from baken.core.routes import Scope


class Party(StrEnum):
    """Whom a route reaches, seen from the system."""

    HOLDER = "holder"
    """Who holds the address for its own use."""
    NAME = "name"
    """Who owns the name of the system, or the mail domain of the account."""
    HOST = "host"
    NETWORK = "network"

    @property
    def is_owner(self) -> bool:
        """Whether the system is its own, so that it is told and not asked to pass on."""
        return self in (Party.HOLDER, Party.NAME)


@dataclass(frozen=True, slots=True)
class Identity:
    """By what a discovered organisation is known again; never by its contact."""

    scheme: str
    """``handle``, ``domain`` or ``network``; of an operator also ``as-number``."""
    value: str
    name: str
    """As the registry writes it, else the domain or network."""
    party: Party
    country: str = ""
    """Of the holder, as the registry says: two upper-case letters, or empty."""

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"


def is_holder_of_address(subject: Subject, answers: Answers) -> bool:
    """Whether `subject` is the name, or number, of who holds the address for its own use."""
    return any(
        subject.value in (holder.name, holder.register_number)
        and holder.standing is NetworkStanding.ASSIGNMENT
        for answer in answers.by_question.values()
        if answer.subject.kind is SubjectKind.ADDRESS
        for holder in answer.holders
    )


def is_shared_address(answers: Answers, *, desks: Collection[str] = ()) -> bool:
    """Whether who holds the address gives room to many others.

    `desks` are mail addresses of such holders, in lower case. Whoever has a part of such a network
    assigned of its own is no such holder for that.
    """
    of_address = [
        answer
        for answer in answers.by_question.values()
        if answer.subject.kind is SubjectKind.ADDRESS
    ]
    holders = [holder for answer in of_address for holder in answer.holders]
    names = {holder.name for holder in holders}
    return (
        any(one.gives_room and not _is_assigned_within(one.network, holders) for one in holders)
        or any(
            holder.gives_room
            for answer in answers.by_question.values()
            if answer.subject.kind is SubjectKind.HOLDER and answer.subject.value in names
            for holder in answer.holders
        )
        or any(
            route.scope is Scope.OWNER and route.address.lower() in desks
            for answer in of_address
            for route in answer.routes
        )
    )


def _is_assigned_within(network: str, holders: Iterable[Holder]) -> bool:
    """Whether a part of `network`, and not all of it, is assigned to one of `holders`."""
    return any(
        holder.standing is NetworkStanding.ASSIGNMENT and _is_part(holder.network, network)
        for holder in holders
    )


def _is_part(inner: str, outer: str) -> bool:
    try:
        part, whole = ipaddress.ip_network(inner), ipaddress.ip_network(outer)
    except ValueError:
        return False
    if isinstance(part, ipaddress.IPv4Network) and isinstance(whole, ipaddress.IPv4Network):
        return part != whole and part.subnet_of(whole)
    if isinstance(part, ipaddress.IPv6Network) and isinstance(whole, ipaddress.IPv6Network):
        return part != whole and part.subnet_of(whole)
    return False


def identity_of_holder(answers: Answers) -> Identity | None:
    """Who holds the address for its own use: by the registry's handle, else by the network."""
    for answer in answers.by_question.values():
        if answer.subject.kind is not SubjectKind.ADDRESS:
            continue
        for holder in answer.holders:
            if holder.standing is not NetworkStanding.ASSIGNMENT:
                continue
            if holder.handle:
                return Identity("handle", holder.handle, holder.name, Party.HOLDER, holder.country)
            if holder.network:
                name = holder.name or holder.network
                return Identity("network", holder.network, name, Party.HOLDER, holder.country)
    return None


def identity_of_name(sought: Sought, answers: Answers) -> Identity | None:
    """Who owns the name that counts, or the mail domain: by handle, else by the domain."""
    names = [*counted_names(sought, answers), sought.mail_domain]
    domain = next((found for name in names if name and (found := _domain_of(name, answers))), "")
    if not domain:
        return None
    registrant = _registrant(domain, answers)
    if registrant is not None and registrant.handle:
        return Identity(
            "handle",
            registrant.handle,
            registrant.name or domain,
            Party.NAME,
            registrant.country,
        )
    country = "" if registrant is None else registrant.country
    name = registrant.name if registrant is not None and registrant.name else domain
    return Identity("domain", domain, name, Party.NAME, country)


def _domain_of(name: str, answers: Answers) -> str:
    """The registered domain of `name`; the name itself where many others have one beside it."""
    return name if is_shared_name(name, answers) else registrable_domain(name)


def identity_of_operator(party: Party, sought: Sought, answers: Answers) -> Identity | None:
    """Who runs the network around the address, or with `Party.HOST` the machines behind the name.

    Of a network by the handle of who holds it to hand it on, else by the AS number that announces
    it, else by the network, if need be the part of it that was handed to somebody. Of a name by its
    domain: nobody says who else's machines they are.
    """
    if party is Party.HOST and is_shared_address(answers):
        shared = identity_of_holder(answers)
        if shared is not None:
            return replace(shared, party=party)
    if party is Party.HOST:
        owner = identity_of_name(sought, answers)
        domain = next(iter(sought.domains()), "")
        if not domain:
            return None
        return Identity("domain", domain, domain, party, "" if owner is None else owner.country)
    around = [
        holder
        for answer in answers.by_question.values()
        if answer.subject.kind is SubjectKind.ADDRESS
        for holder in answer.holders
        if holder.standing is not NetworkStanding.ASSIGNMENT
    ]
    announcing = [
        holder
        for answer in answers.by_question.values()
        if answer.subject.kind is SubjectKind.AS_NUMBER
        for holder in answer.holders
    ]
    # Who says outright that it hands the network on comes before who says nothing.
    around.sort(key=lambda holder: holder.standing is not NetworkStanding.ALLOCATION)
    for holder in around:
        if holder.handle:
            name = holder.name or holder.handle
            return Identity("handle", holder.handle, name, party, holder.country)
    if sought.as_number:
        number = f"AS{sought.as_number}"
        name = next((holder.name for holder in announcing if holder.name), number)
        country = next((holder.country for holder in announcing if holder.country), "")
        return Identity("as-number", number, name, party, country)
    for holder in around:
        if holder.network:
            return Identity("network", holder.network, holder.name or holder.network, party,
                            holder.country)  # fmt: skip
    for answer in answers.by_question.values():
        for holder in answer.holders:
            if answer.subject.kind is SubjectKind.ADDRESS and holder.network:
                # Its holder may be a private person: nothing but the network is kept.
                return Identity("network", holder.network, holder.network, party, holder.country)
    return None


def _registrant(domain: str, answers: Answers) -> Holder | None:
    """Who registered `domain`; one whom a registry knows by a handle counts first."""
    about = answers.about(Subject(SubjectKind.DOMAIN, domain))
    holders = [holder for answer in about for holder in answer.holders if not holder.handed_over_to]
    return min(holders, key=lambda holder: not holder.handle, default=None)
