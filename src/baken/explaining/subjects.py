"""What can be asked about: an address, network, AS number, domain, organisation or code."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from django.db.models import QuerySet

from baken.cases.models import Case
from baken.cases.selectors import (
    cases_by_asset,
    cases_in_network,
    cases_in_order,
    cases_of_address,
    cases_of_domain,
    cases_of_organisation,
    cases_with_ids,
    some_cases_of_domain,
)
from baken.constituency.models import Contact, Organisation
from baken.constituency.selectors import (
    find_organisation,
    names_like,
    open_addresses,
    organisations_at,
)
from baken.core.asset import AssetKind, normalise_domain, parse_asset
from baken.core.errors import NotFoundError
from baken.core.policy import Policy
from baken.explaining.cases import (
    ExplainedCase,
    Sent,
    case_lines,
    explain_cases,
    recorded_lines,
    recorded_of,
    sent_of,
    sent_words,
)
from baken.explaining.passing_on import ExplainedRequest, request_lines, requests_in
from baken.explaining.places import Place, domain_place_of, place_lines, place_of
from baken.explaining.words import Words
from baken.intake.selectors import HINTS_LATELY, hints_by_organisation
from baken.outbox.selectors import (
    cases_told_by,
    find_by_code,
    find_handed_down,
    read_code,
    unwanted_addresses,
)

_ALIKE: Final = 5
_LOOKED_AT: Final = 1_000
"""How many cases below a name are read to find the newest, unless all are asked for."""
_PORTION: Final = 1_000
_NETWORK_OR_ASN: Final = re.compile(r"[0-9a-fA-F.:]+/[0-9]{1,3}|(?i:asn?)\s*[0-9]+")


@dataclass(frozen=True, slots=True)
class KnownContact:
    """Somebody who can act for an organisation."""

    name: str
    """Empty where nobody is named."""
    role: str
    language: str
    time_zone: str
    """Empty: that of the service."""
    addresses: tuple[str, ...]
    """Those in use now, of any channel."""
    unwanted: frozenset[str]
    """Those of them that get nothing: they refused our mail or asked us to stop."""


@dataclass(frozen=True, slots=True)
class KnownOrganisation:
    """An organisation, with what it holds and who can act for it."""

    organisation: str
    """Name and reference."""
    standing: str
    assets: tuple[str, ...]
    contacts: tuple[KnownContact, ...]
    rows_hinted: int = 0
    """As of a place, for all its domains."""


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """One of our messages, by the code that its recipient reads out."""

    code: str
    organisation: str
    """Name and reference."""
    sent: Sent
    requests: tuple[ExplainedRequest, ...] = ()
    """What it asks an operator to pass on; of a warning nothing."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What was asked about, and the cases about it."""

    about: Place | KnownOrganisation | KnownMessage
    cases: QuerySet[Case]
    """All of them, the most urgent or the newest first."""
    some: QuerySet[Case] | None = None
    """More than `_LOOKED_AT` of them where there are more; None where all are read as fast."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What there is to say about a subject: whose it is, and its first cases."""

    about: Place | KnownOrganisation | KnownMessage
    cases: Iterable[ExplainedCase]
    """Read once; all of them are not in memory at once."""
    more: int = 0
    """How many cases there are besides, of those that were looked at."""
    were_all_looked_at: bool = True
    """False where there are so many that only the first by name were."""


def find_subject(what: str, *, now: datetime) -> Subject:
    """What the text `what` names, as of `now`.

    Raises `NotFoundError`, which says what it may have meant.
    """
    text = what.strip()
    address = _address_of(text)
    if address is not None:
        return Subject(place_of(str(address)), cases_of_address(address))
    if _NETWORK_OR_ASN.fullmatch(text):
        asset = parse_asset(text, allow_documentation=True)
        if asset.kind is AssetKind.ASN:
            return Subject(place_of(text), cases_by_asset(asset.value))
        return Subject(place_of(asset.value), cases_in_network(asset.value))
    organisation = find_organisation(text) or _only_one_at(text, now=now)
    if organisation is not None:
        return Subject(_known(organisation, now=now), cases_of_organisation(organisation.pk))
    code = read_code(text)
    notification = find_by_code(code) or find_handed_down(code)
    if notification is not None:
        cases = cases_with_ids(cases_told_by(notification))
        about = KnownMessage(
            notification.code,
            str(notification.organisation),
            sent_of(notification, recorded_of([notification])),
            tuple(requests_in(notification.pk)),
        )
        return Subject(about, cases)
    try:
        domain = normalise_domain(what)
    except ValueError as error:
        raise _not_found(what, now=now) from error
    some = some_cases_of_domain(domain, at_most=_LOOKED_AT + 1)
    return Subject(domain_place_of(domain, now=now), cases_of_domain(domain), some)


def explain(what: str, *, policy: Policy, now: datetime, shown: int) -> Explanation:
    """What there is to say about `what`, with its first `shown` cases.

    Of a name with very many below it, not all are looked at. Raises `NotFoundError`.
    """
    subject = find_subject(what, now=now)
    if subject.some is None:
        first, count = _first_of(subject.cases, shown)
    else:
        looked_at = list(subject.some.values_list("pk", flat=True))
        first, count = looked_at[:shown], len(looked_at)
    return Explanation(
        subject.about,
        explain_cases(cases_in_order(first), policy=policy, now=now),
        more=count - len(first),
        were_all_looked_at=subject.some is None or count <= _LOOKED_AT,
    )


def _first_of(cases: QuerySet[Case], shown: int) -> tuple[list[int], int]:
    """The ids of the first of `cases`, and how many there are.

    Ids alone are sorted: with whole rows, an organisation with a hundred thousand cases takes
    several times as long. Counting needs no row at all where an index has what it asks for.
    """
    first = list(cases.values_list("pk", flat=True)[: shown + 1])
    count = cases.count() if len(first) > shown else len(first)
    return first[:shown], count


def explain_all(what: str, *, policy: Policy, now: datetime) -> Explanation:
    """What there is to say about `what`, with every case. Raises `NotFoundError`."""
    subject = find_subject(what, now=now)
    cases = explained_one_by_one(subject.cases, policy=policy, now=now)
    return Explanation(subject.about, cases)


def explained_one_by_one(
    cases: QuerySet[Case], *, policy: Policy, now: datetime
) -> Iterator[ExplainedCase]:
    """Each of `cases` explained, however many there are: they are read in portions."""
    found = cases.iterator(chunk_size=_PORTION)
    while portion := list(islice(found, _PORTION)):
        yield from explain_cases(portion, policy=policy, now=now)


def explanation_lines(explanation: Explanation, words: Words) -> Iterator[str]:
    """What there is to say, in lines for a person."""
    yield from subject_lines(explanation.about, words)
    is_any = False
    for case in explanation.cases:
        is_any = True
        yield ""
        yield from case_lines(case, words)
    is_request = isinstance(explanation.about, KnownMessage) and explanation.about.requests
    if not is_any and not is_request:
        yield words.say("subject.no_case")
    if explanation.more:
        yield ""
        more = words.counted("more_case", explanation.more)
        if explanation.were_all_looked_at:
            yield words.say("subject.more", cases=more)
        else:
            yield words.say("subject.more_than", cases=more, looked_at=_LOOKED_AT)


def subject_lines(about: Place | KnownOrganisation | KnownMessage, words: Words) -> Iterator[str]:
    """Whose a place is, or what an organisation holds, in lines for a person."""
    match about:
        case Place():
            yield from place_lines(about, words)
        case KnownOrganisation():
            yield from _organisation_lines(about, words)
        case KnownMessage(code, organisation, sent, requests):
            said = "subject.request" if requests else "subject.message"
            facts = sent_words(sent, words)
            yield words.say(said, code=code, organisation=organisation, **facts)
            yield from recorded_lines(sent, words)
            yield from request_lines(requests, (), words)
            return
    if about.rows_hinted:
        yield words.say(
            "subject.hinted",
            rows=words.counted("row", about.rows_hinted),
            days=HINTS_LATELY.days,
        )


def _organisation_lines(known: KnownOrganisation, words: Words) -> Iterator[str]:
    standing = words.say(f"standings.{known.standing}")
    yield words.say("subject.organisation", organisation=known.organisation, standing=standing)
    if known.assets:
        yield words.say("subject.assets", assets=", ".join(known.assets))
    else:
        yield words.say("subject.no_assets")
    contacts = ", ".join(
        words.say(
            "subject.contact_in_zone" if contact.time_zone else "subject.contact",
            contact=_named(contact, words),
            role=words.say(f"roles.{contact.role}"),
            language=contact.language,
            time_zone=contact.time_zone,
        )
        for contact in known.contacts
    )
    if contacts:
        yield words.say("subject.contacts", contacts=contacts)
    else:
        yield words.say("subject.no_contacts")


def _named(contact: KnownContact, words: Words) -> str:
    said = (
        words.say("subject.unwanted_address", address=address)
        if address in contact.unwanted
        else address
        for address in contact.addresses
    )
    addresses = ", ".join(said) or words.say("subject.no_address")
    return f"{contact.name} <{addresses}>" if contact.name else addresses


def _address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that `text` names: without a scope, and IPv4 where it is written as IPv6."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _known(organisation: Organisation, *, now: datetime) -> KnownOrganisation:
    rows_hinted = hints_by_organisation([organisation.pk], since=now - HINTS_LATELY)
    unwanted = {address.lower() for address in unwanted_addresses(now=now)}
    contacts = (
        _known_contact(contact, unwanted=unwanted, now=now)
        for contact in organisation.contacts.all()
    )
    return KnownOrganisation(
        organisation=str(organisation),
        standing=organisation.standing,
        assets=tuple(asset.value for asset in organisation.assets.all()),
        contacts=tuple(contacts),
        rows_hinted=rows_hinted.get(organisation.pk, 0),
    )


def _known_contact(contact: Contact, *, unwanted: Collection[str], now: datetime) -> KnownContact:
    addresses = open_addresses(contact, now=now)
    return KnownContact(
        name=contact.name,
        role=contact.role,
        language=contact.language,
        time_zone=contact.time_zone,
        addresses=addresses,
        unwanted=frozenset(one for one in addresses if one.lower() in unwanted),
    )


def _only_one_at(address: str, *, now: datetime) -> Organisation | None:
    """The organisation with a contact at `address`, when there is exactly one."""
    there = list(organisations_at(address, now=now)) if "@" in address else []
    return find_organisation(there[0]) if len(there) == 1 else None


def _not_found(what: str, *, now: datetime) -> NotFoundError:
    text = what.strip()
    there = organisations_at(text, now=now) if "@" in text else {}
    names = [f"{name} ({reference})" for reference, name in there.items()]
    alike = ", ".join((names or names_like(text, limit=_ALIKE))[:_ALIKE])
    code = read_code(what)
    if code and not alike:
        return NotFoundError(
            f"No warning of ours has the code {code}.",
            remedy="Let it be read out once more. A mail of a dry run has a code that is not kept; "
            "any other mail with this code is not from us.",
        )
    return NotFoundError(
        f"{what!r} is neither an address, a network, an AS number nor a domain, and no "
        "organisation has that reference or name, nor is it a code.",
        remedy=f"Perhaps you mean {alike}."
        if alike
        else "Give 192.0.2.7, 192.0.2.0/24, AS64500, www.example.nl, an organisation's "
        "reference, or the code of a mail.",
    )
