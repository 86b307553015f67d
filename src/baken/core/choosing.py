"""Chooses whom to tell about a system whose owner is not registered; pure rules over answers.

First by what has to change to solve the finding: a hoster cannot mend a site that it only hosts,
and a device is its holder's. Then by expected use: P(right organisation) × P(somebody reads it) ×
P(they can act), from ``choosing.toml``. Whatever is passed over says why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from baken.core.asset import registrable_domain
from baken.core.choosing_numbers import choosing_numbers
from baken.core.finding_kinds import Layer
from baken.core.home import Home
from baken.core.identity import (
    Identity,
    Party,
    identity_of_holder,
    identity_of_name,
    identity_of_operator,
    is_holder_of_address,
    is_shared_address,
)
from baken.core.ladder import (
    Answers,
    Sought,
    counted_names,
    foreign_country,
    handed_over_by,
)
from baken.core.lookup import (
    Basis,
    FoundChannel,
    FoundRoute,
    LookupAnswer,
    Subject,
    SubjectKind,
)
from baken.core.passing_over import (
    counts,
    domain_of_mail,
    is_mail_read_by_burglar,
    is_of_another_country,
    is_of_who_gives_room,
    is_private_person,
    takes_no_mail,
)
from baken.core.routes import Scope


class PassedOver(StrEnum):
    """Why a found route is not taken; each is worded by `explaining`."""

    SAID_BY_BURGLAR = "said-by-burglar"
    """The host or name itself says it, and somebody else has had that in hand."""
    MAIL_BROKEN_INTO = "mail-broken-into"
    """Whoever broke in may read it."""
    CENTRAL_DESK = "central-desk"
    OUR_OWN = "our-own"
    UNWANTED = "unwanted"
    """It asked us to stop."""
    TAKES_NO_MAIL = "takes-no-mail"
    OUTDATED = "outdated"
    NAME_DOES_NOT_COUNT = "name-does-not-count"
    """Its name is a hint that nothing confirmed, or one of the network's operator."""
    PRIVATE_PERSON = "private-person"
    """The holder looks like a private person: only the operator is asked."""
    REGISTRAR = "registrar"
    """The registrar of a domain is not its owner, and answers for very many."""
    HANDED_OVER = "handed-over"
    """Another CSIRT warns about the system, and nobody is told by us."""
    CANNOT_ACT = "cannot-act"
    """Whom it reaches can do nothing about a finding of this layer."""
    NEEDS_NAME = "needs-name"
    """Of many sites on the address it is about one, and nobody says which."""
    NEEDS_PERSON = "needs-person"
    """A form on the web, or a task of another kind for a person."""
    NOT_THEIRS = "not-theirs"
    """Whom it reaches said that the system is not theirs."""
    ANOTHER_OWNER = "another-owner"
    """It reaches another organisation than the one that is taken for the owner."""
    SEEN_BEFORE = "seen-before"
    """A better source gives the same address."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else decides, besides the answers."""

    now: datetime
    said_by_subject: Collection[str] = ()
    """The keys of the lookups whose answers the host or name itself gives."""
    known_keys: Collection[str] = ()
    """Fingerprints of OpenPGP keys known before, in upper-case hexadecimal digits."""
    central_desks: Collection[str] = ()
    """Addresses that answer for too many domains to be an owner's, in lower case."""
    hosting_desks: Collection[str] = ()
    """Addresses of those who give others room in their networks, in lower case."""
    our_own: Collection[str] = ()
    """Our own addresses and domains, in lower case."""
    country: str = ""
    """Our own (ISO 3166-1); empty: nothing is handed over for its country."""
    unwanted: Collection[str] = ()
    """Addresses that asked us to stop, in lower case."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One route that was found, and what was made of it."""

    route: FoundRoute
    lookup: str
    source: str
    party: Party
    valid_until: datetime
    passed_over: PassedOver | None = None
    """None: it is taken."""
    expected_use: float = 0.0
    """P(right) × P(read) × P(can act)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom to tell about one system."""

    owner: Identity | None
    """None: nobody is known who can be taken for the owner."""
    owner_routes: tuple[FoundRoute, ...] = ()
    """In the order in which they are tried."""
    operator_routes: tuple[FoundRoute, ...] = ()
    """By which the network's or host's operator is asked to pass on."""
    operator: Identity | None = None
    """The operator of the first of these; None when nobody says which one that is."""
    tasks: tuple[FoundRoute, ...] = ()
    """What a person has to do by hand, such as a form."""
    handed_over_to: str = ""
    """Another CSIRT that warns instead of us."""
    handed_over_for: Subject | None = None
    """What that CSIRT has in its constituency: the address, AS number, domain or country."""
    csirt_routes: tuple[FoundRoute, ...] = ()
    """By which that CSIRT is reached."""
    country: str = ""
    """In which the system is, where that is not our own: two upper-case letters."""
    rungs: tuple[Rung, ...] = ()
    """Everything that was found, the best first, with what was passed over and why."""


def choose(
    sought: Sought,
    answers: Answers,
    circumstances: Circumstances,
    *,
    disowned_by: Collection[str] = (),
) -> Choice:
    """Whom to tell about `sought`, by all that was answered.

    `disowned_by` are those who said that it is not theirs, each as the text of its `Identity`: the
    next candidate is taken.
    """
    judged = [
        _judged(answer, route, sought=sought, answers=answers, circumstances=circumstances)
        for answer in answers.by_question.values()
        for route in answer.routes
        if not route.basis.is_csirt
    ]
    candidates = {
        party: identity
        for party, identity in (
            (Party.HOLDER, identity_of_holder(answers)),
            (Party.NAME, identity_of_name(sought, answers)),
        )
        if identity is not None
        and not (
            party is Party.HOLDER
            and (
                _is_site_of_another(sought, answers)
                or is_shared_address(answers, desks=circumstances.hosting_desks)
            )
        )
    }
    judged = _without_who_disowned(judged, candidates, disowned_by)
    home = Home(circumstances.country, circumstances.our_own)
    handed_over = handed_over_by(sought, answers, home=home)
    if handed_over is not None:
        judged = [replace(rung, passed_over=PassedOver.HANDED_OVER) for rung in judged]
    owner = _owner(judged, candidates, sought=sought)
    order = choosing_numbers().order[sought.layer]
    rungs = sorted(
        (_held_against(rung, owner) for rung in judged),
        key=lambda rung: (
            rung.passed_over is not None,
            order.index(rung.party) if rung.party in order else len(order),
            -rung.expected_use,
        ),
    )
    rungs = _once_each(rungs)
    taken = [rung for rung in rungs if rung.passed_over is None]
    return Choice(
        owner=owner,
        owner_routes=tuple(rung.route for rung in taken if rung.party.is_owner),
        operator_routes=tuple(rung.route for rung in taken if not rung.party.is_owner),
        operator=_operator(taken, sought=sought, answers=answers),
        tasks=tuple(rung.route for rung in rungs if rung.passed_over is PassedOver.NEEDS_PERSON),
        handed_over_to=handed_over.holders[0].handed_over_to if handed_over else "",
        handed_over_for=handed_over.subject if handed_over else None,
        csirt_routes=handed_over.routes if handed_over else (),
        country=foreign_country(sought, answers, home=home),
        rungs=tuple(rungs),
    )


def _judged(
    answer: LookupAnswer,
    route: FoundRoute,
    *,
    sought: Sought,
    answers: Answers,
    circumstances: Circumstances,
) -> Rung:
    is_shared = is_shared_address(answers, desks=circumstances.hosting_desks)
    party = _party(answer, route, answers, is_shared=is_shared)
    numbers = choosing_numbers()
    basis = numbers.basis[route.basis]
    acts = numbers.acts[sought.layer].get(party, 0.0)
    use = (
        basis.right * route.confidence / 100
        * basis.read * numbers.channel.get(route.channel, 0.0)
        * acts
    )  # fmt: skip
    rung = Rung(route, answer.lookup, answer.source, party, answer.valid_until, expected_use=use)
    why = _why_not(rung, answer, sought=sought, answers=answers, circumstances=circumstances)
    if why is None and is_shared and sought.is_name_only and not counted_names(sought, answers):
        why = PassedOver.NEEDS_NAME
    return replace(rung, passed_over=why)


def _party(answer: LookupAnswer, route: FoundRoute, answers: Answers, *, is_shared: bool) -> Party:
    """Whom `route` reaches; `is_shared` says that the holder of the address gives others room."""
    holder = Party.HOST if is_shared else Party.HOLDER
    if route.scope is Scope.NETWORK:
        return Party.NETWORK
    if route.scope is Scope.HOST:
        return Party.HOST
    match answer.subject.kind:
        case SubjectKind.NAME if is_of_who_gives_room(answer, route, answers):
            return Party.HOST
        case SubjectKind.NAME | SubjectKind.DOMAIN:
            return Party.NAME
        case SubjectKind.HOLDER | SubjectKind.REGISTER_NUMBER:
            return holder if is_holder_of_address(answer.subject, answers) else Party.NAME
        case _:
            return holder


def _why_not(
    rung: Rung,
    answer: LookupAnswer,
    *,
    sought: Sought,
    answers: Answers,
    circumstances: Circumstances,
) -> PassedOver | None:
    """The first reason that keeps the route from being taken, whoever the owner is."""
    route, address = rung.route, rung.route.address.lower()
    is_said_by_subject = answer.lookup in circumstances.said_by_subject
    is_signed = bool(route.signed_by) and route.signed_by in circumstances.known_keys
    reasons = (
        (PassedOver.OUTDATED, answer.valid_until <= circumstances.now),
        (PassedOver.NAME_DOES_NOT_COUNT, not counts(answer.subject, sought, answers)),
        (
            PassedOver.SAID_BY_BURGLAR,
            sought.is_broken_into and is_said_by_subject and not is_signed,
        ),
        (PassedOver.MAIL_BROKEN_INTO, is_mail_read_by_burglar(route, sought)),
        (PassedOver.OUR_OWN, Home(our_own=circumstances.our_own).is_ours(address)),
        (PassedOver.UNWANTED, address in circumstances.unwanted),
        (PassedOver.PRIVATE_PERSON, rung.party.is_owner and is_private_person(sought, answers)),
        (PassedOver.ANOTHER_OWNER, is_of_another_country(answer, answers)),
        (PassedOver.CENTRAL_DESK, rung.party.is_owner and address in circumstances.central_desks),
        (PassedOver.REGISTRAR, route.basis is Basis.REGISTRAR),
        (PassedOver.CANNOT_ACT, rung.party not in choosing_numbers().order[sought.layer]),
        (PassedOver.TAKES_NO_MAIL, takes_no_mail(route, answers)),
        (PassedOver.NEEDS_PERSON, route.channel is FoundChannel.FORM),
    )
    return next((reason for reason, holds in reasons if holds), None)


def _without_who_disowned(
    judged: Sequence[Rung], candidates: Mapping[Party, Identity], disowned_by: Collection[str]
) -> list[Rung]:
    """`judged`, where who said that the system is not theirs is passed over, by any of its ways."""
    parties = {party for party, one in candidates.items() if str(one) in disowned_by}
    reached = {_way_of(rung) for rung in judged if rung.party in parties}
    return [
        replace(rung, passed_over=PassedOver.NOT_THEIRS)
        if rung.passed_over is None and rung.party.is_owner and _way_of(rung) in reached
        else rung
        for rung in judged
    ]


def _way_of(rung: Rung) -> tuple[FoundChannel, str]:
    return rung.route.channel, rung.route.address.lower()


def _owner(
    judged: Sequence[Rung], candidates: Mapping[Party, Identity], *, sought: Sought
) -> Identity | None:
    """Who is taken for the owner: of the parties in order, the first that can be reached."""
    reached = {rung.party for rung in judged if rung.passed_over is None}
    for party in choosing_numbers().order[sought.layer]:
        if party.is_owner and party in reached and party in candidates:
            return candidates[party]
    return None


def _operator(taken: Sequence[Rung], *, sought: Sought, answers: Answers) -> Identity | None:
    """Who is asked to pass on: of the operators that can be reached, the first that is known."""
    parties = dict.fromkeys(rung.party for rung in taken if not rung.party.is_owner)
    found = (identity_of_operator(party, sought, answers) for party in parties)
    return next(filter(None, found), None)


def _is_site_of_another(sought: Sought, answers: Answers) -> bool:
    """Whether the holder of the address gives room to a site whose name is somebody else's.

    Where no mail address of the holder has the domain of the name, nothing shows that both are one.
    """
    domains = {registrable_domain(name) for name in counted_names(sought, answers)}
    return (
        sought.layer is Layer.APPLICATION
        and bool(domains)
        and not any(
            domain_of_mail(route) in domains
            for answer in answers.by_question.values()
            if answer.subject.kind is SubjectKind.ADDRESS
            for route in answer.routes
        )
    )


def _held_against(rung: Rung, owner: Identity | None) -> Rung:
    """`rung`, passed over where it reaches another owner than the one that is taken."""
    if rung.passed_over is not None or not rung.party.is_owner:
        return rung
    if owner is None or rung.party is owner.party:
        return rung if owner is not None else replace(rung, passed_over=PassedOver.ANOTHER_OWNER)
    if owner.scheme == "domain" and domain_of_mail(rung.route) == owner.value:
        return rung
    return replace(rung, passed_over=PassedOver.ANOTHER_OWNER)


def _once_each(rungs: Iterable[Rung]) -> list[Rung]:
    """`rungs` in their order, where each address is taken once."""
    found: list[Rung] = []
    seen: set[tuple[FoundChannel, str]] = set()
    for rung in rungs:
        key = _way_of(rung)
        if rung.passed_over is None and key in seen:
            rung = replace(rung, passed_over=PassedOver.SEEN_BEFORE)
        seen.add(key)
        found.append(rung)
    return found
