"""The ladder: which questions about a system come next, from what is known of it so far.

Pure: it asks nobody. Whoever climbs it (`baken.discovery`) puts the questions, adds the answers,
and asks again until no question is left. A question that was answered is never asked twice, and a
later turn is only taken where the earlier ones led to nobody.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from baken.core.asset import is_public_suffix, registrable_domain
from baken.core.finding_kinds import Layer
from baken.core.home import NOWHERE, Home, country_of_name
from baken.core.lookup import (
    AsksAbout,
    Basis,
    FoundChannel,
    Holder,
    LookupAnswer,
    NetworkStanding,
    Outcome,
    Subject,
    SubjectKind,
    Turn,
)
from baken.core.routes import Scope

Question = tuple[str, Subject]
"""The key of a lookup, and what it is asked about."""


@dataclass(frozen=True, slots=True)
class Sought:
    """A system whose owner is sought, as the ladder looks at it."""

    layer: Layer
    address: str = ""
    """As `ipaddress` writes it; empty where only a name or an account is known."""
    asked_name: str = ""
    """The name that the source asked for, in its normal form."""
    hinted_names: tuple[str, ...] = ()
    """Names that nobody asked for: they count once they resolve to `address`."""
    mail_domain: str = ""
    """Of a leaked account."""
    as_number: str = ""
    """In digits."""
    is_broken_into: bool = False
    """Whether somebody else has had it in hand: then what it says of itself does not count."""
    is_mail_broken_into: bool = False
    """Whether mail to its organisation may be read by whoever broke in."""
    is_name_only: bool = False
    """Whether it is about one site of possibly many on the address, so that only a name counts."""

    def subjects(self) -> tuple[Subject, ...]:
        """The address and the names that it is about, as they can be asked about."""
        names = (self.asked_name, *self.hinted_names)
        found = [Subject(SubjectKind.NAME, name) for name in names if name]
        if self.address:
            found.append(Subject(SubjectKind.ADDRESS, self.address))
        if self.as_number:
            found.append(Subject(SubjectKind.AS_NUMBER, self.as_number))
        return tuple(found)

    def domains(self) -> tuple[str, ...]:
        """The registered domains of all its names, counted or not, and of the account."""
        names = (self.asked_name, *self.hinted_names, self.mail_domain)
        found = (registrable_domain(name) for name in names if name)
        return tuple(dict.fromkeys(domain for domain in found if domain))


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers about one system so far."""

    by_question: Mapping[Question, LookupAnswer] = field(default_factory=dict)

    def about(self, subject: Subject) -> list[LookupAnswer]:
        """Those about `subject`."""
        return [answer for (_, asked), answer in self.by_question.items() if asked == subject]


def confirmed_names(sought: Sought, answers: Answers) -> tuple[str, ...]:
    """The hinted names that a lookup found to resolve to this very address, in their order."""
    return tuple(
        name
        for name in sought.hinted_names
        if not _is_made_of_address(name, sought.address)
        and any(
            sought.address in answer.addresses
            for answer in answers.about(Subject(SubjectKind.NAME, name))
        )
    )


def counted_names(sought: Sought, answers: Answers) -> tuple[str, ...]:
    """The names that may lead to an owner: the one that was asked for, then the confirmed ones.

    Without names that belong to who runs the network: those stand for the operator.
    """
    names = [sought.asked_name] if sought.asked_name else []
    names += [name for name in confirmed_names(sought, answers) if name != sought.asked_name]
    operators = operator_domains(answers)
    return tuple(name for name in names if registrable_domain(name) not in operators)


def is_shared_name(name: str, answers: Answers) -> bool:
    """Whether `name` was given out by who gives many others names below its own."""
    about = answers.about(Subject(SubjectKind.NAME, name))
    return any(holder.gives_room for answer in about for holder in answer.holders)


def operator_domains(answers: Answers) -> frozenset[str]:
    """The registered domains of the mail addresses by which the network's operator is reached."""
    found = set()
    for answer in answers.by_question.values():
        if answer.subject.kind not in (SubjectKind.ADDRESS, SubjectKind.AS_NUMBER):
            continue
        for route in answer.routes:
            is_operators = route.scope is Scope.NETWORK and not route.basis.is_csirt
            if route.channel is FoundChannel.MAIL and is_operators:
                found.add(registrable_domain(route.address.rpartition("@")[2]))
    return frozenset(found)


_NAMED_FIRST: Final = (Layer.APPLICATION, Layer.ACCOUNT, Layer.ORGANISATION)
"""Layers of which the owner of the name is told before whoever holds the address."""
_MORE_SPECIFIC: Final = {
    is_named_first: {kind: rank for rank, kind in enumerate(kinds)}
    for is_named_first, kinds in {
        True: ("domain", "address", "as-number", "country"),
        False: ("address", "domain", "as-number", "country"),
    }.items()
}


def foreign_country(sought: Sought, answers: Answers, *, home: Home) -> str:
    """The country, not our own, in which the system is as far as registries say; or empty.

    A network's country is that of the narrowest that says one. Where the owner of a name is told
    first, and there is one, it is the country of the name. What lies under our own top-level domain
    is ours wherever it stands: the site of a company here is often hosted abroad.
    """
    if not home.country:
        return ""
    names = [name for name in (*counted_names(sought, answers), sought.mail_domain) if name]
    of_names = [country_of_name(name) for name in names]
    of_names += [
        holder.country
        for domain in _domains(sought, answers)
        for answer in answers.about(Subject(SubjectKind.DOMAIN, domain))
        for holder in answer.holders[:1]
    ]
    if home.country in of_names:
        return ""
    if sought.layer in _NAMED_FIRST and names:
        country = next(filter(None, reversed(of_names)), "")
    else:
        country = _country_of_network(sought, answers)
    return "" if country == home.country else country


def _country_of_network(sought: Sought, answers: Answers) -> str:
    found = [
        (int(holder.network.rpartition("/")[2]), holder.country)
        for answer in answers.about(Subject(SubjectKind.ADDRESS, sought.address))
        for holder in answer.holders
        if holder.country and "/" in holder.network
    ]
    return max(found, key=lambda one: one[0])[1] if found else ""


def handed_over_by(sought: Sought, answers: Answers, *, home: Home) -> LookupAnswer | None:
    """The answer by which another CSIRT warns instead of us; None: the system is ours to warn of.

    A constituency that names the domain, network or AS number comes before a whole country's. Our
    own entry in such a list hands nothing over.
    """
    named = [
        answer
        for answer in answers.by_question.values()
        if any(holder.handed_over_to for holder in answer.holders)
        and not any(home.is_ours(route.address.lower()) for route in answer.routes)
        and _is_in_constituency(answer.subject, sought, answers, home=home)
    ]
    rank = _MORE_SPECIFIC[sought.layer in _NAMED_FIRST]
    return min(named, key=lambda answer: rank[answer.subject.kind.value], default=None)


def _is_in_constituency(subject: Subject, sought: Sought, answers: Answers, *, home: Home) -> bool:
    """Whether a constituency that names `subject` has the system in it."""
    match subject.kind:
        case SubjectKind.ADDRESS | SubjectKind.AS_NUMBER:
            return sought.layer is not Layer.ACCOUNT  # its owner is its mail domain's
        case SubjectKind.DOMAIN:
            return subject.value in _domains(sought, answers)
        case SubjectKind.COUNTRY:
            return subject.value == foreign_country(sought, answers, home=home)
    return False


def next_questions(
    sought: Sought, answers: Answers, *, lookups: Iterable[AsksAbout], home: Home = NOWHERE
) -> list[Question]:
    """The questions to put next, in order; empty when the ladder is climbed.

    Of what another CSIRT warns about, only what its names resolve to is still asked: it may show
    that the system is ours after all.
    """
    by_turn: dict[Turn, list[AsksAbout]] = {}
    for lookup in lookups:
        by_turn.setdefault(lookup.turn, []).append(lookup)
    is_handed_over = handed_over_by(sought, answers, home=home) is not None
    for turn in sorted(by_turn):
        if is_handed_over and turn > Turn.RESOLVED:
            return []
        questions = [
            (lookup.key, subject)
            for lookup in by_turn[turn]
            for subject in _subjects(lookup, sought, answers, home=home)
            if (lookup.key, subject) not in answers.by_question
            and _is_left_open(subject, answers, by=lookup.stands_in_for)
            and (
                lookup.judges_mail
                or not _is_settled(subject, sought, answers, before=turn, lookups=by_turn)
            )
        ]
        if questions:
            return questions
    return []


def _is_left_open(subject: Subject, answers: Answers, *, by: str) -> bool:
    """Whether the lookup `by` could not answer about `subject`; true where there is no such one."""
    answer = answers.by_question.get((by, subject))
    return not by or (answer is not None and answer.outcome is Outcome.UNKNOWN)


def _subjects(
    lookup: AsksAbout, sought: Sought, answers: Answers, *, home: Home
) -> Sequence[Subject]:
    if lookup.judges_mail:
        return [Subject(SubjectKind.DOMAIN, name) for name in _domains_of_mail(sought, answers)]
    match lookup.asks_about:
        case SubjectKind.ADDRESS:
            values: Iterable[str] = [sought.address] if sought.address else []
        case SubjectKind.AS_NUMBER:
            values = [sought.as_number] if sought.as_number else []
        case SubjectKind.NAME if lookup.resolves_names:
            hints = sought.hinted_names if sought.address else ()
            values = [name for name in hints if not _is_made_of_address(name, sought.address)]
        case SubjectKind.NAME:
            values = counted_names(sought, answers)
        case SubjectKind.DOMAIN:
            values = _domains(sought, answers)
        case SubjectKind.HOLDER:
            values = [holder.name for holder in own_holders(answers)]
        case SubjectKind.REGISTER_NUMBER:
            values = [holder.register_number for holder in own_holders(answers)]
        case SubjectKind.COUNTRY:
            values = [foreign_country(sought, answers, home=home)]
    return [Subject(lookup.asks_about, value) for value in dict.fromkeys(values) if value]


def _domains(sought: Sought, answers: Answers) -> list[str]:
    """The domains whose owner may be the system's: of counted names, and of the account."""
    names = counted_names(sought, answers)
    domains = [registrable_domain(name) for name in names if not is_shared_name(name, answers)]
    if sought.mail_domain:
        domains.append(registrable_domain(sought.mail_domain))
    return [one for one in dict.fromkeys(domains) if one and not is_public_suffix(one)]


def _domains_of_mail(sought: Sought, answers: Answers) -> list[str]:
    """The domains that must take mail for the found addresses to be of use."""
    found = _domains(sought, answers)
    for answer in answers.by_question.values():
        found += [
            route.address.rpartition("@")[2]
            for route in answer.routes
            if route.channel is FoundChannel.MAIL and not route.basis.is_csirt
        ]
    return list(dict.fromkeys(found))


def own_holders(answers: Answers) -> list[Holder]:
    """The holders to whom a network was assigned, or who registered a domain; no private person."""
    found = []
    for answer in answers.by_question.values():
        is_domain = answer.subject.kind is SubjectKind.DOMAIN
        for holder in answer.holders:
            is_own = is_domain or holder.standing is NetworkStanding.ASSIGNMENT
            if is_own and not holder.is_person and not holder.handed_over_to:
                found.append(holder)
    return found


def _is_settled(
    subject: Subject,
    sought: Sought,
    answers: Answers,
    *,
    before: Turn,
    lookups: Mapping[Turn, Sequence[AsksAbout]],
) -> bool:
    """Whether an earlier turn led to whom `subject` would lead to, so that nobody is troubled.

    What a host says that somebody broke into settles nothing, unless a known key signed it.
    """
    earlier = {
        lookup.key: lookup.is_said_by_subject and sought.is_broken_into
        for turn, several in lookups.items()
        if turn < before
        for lookup in several
    }
    return any(
        _is_about_the_same(answer.subject, subject)
        and _leads_on(answer, only_signed=earlier[answer.lookup])
        for answer in answers.by_question.values()
        if answer.lookup in earlier
    )


def _is_about_the_same(one: Subject, other: Subject) -> bool:
    """Whether answers about either lead to the same organisation."""
    if {one.kind, other.kind} <= {SubjectKind.NAME, SubjectKind.DOMAIN}:
        return registrable_domain(one.value) == registrable_domain(other.value)
    if {one.kind, other.kind} <= {SubjectKind.ADDRESS, SubjectKind.AS_NUMBER}:
        return True  # a system has one address, and one network around it
    return one == other


def _leads_on(answer: LookupAnswer, *, only_signed: bool) -> bool:
    """Whether it names somebody who can act; a registrar, or who gives room, can only pass on.

    A register knows a telephone and a postal address: a mail address is still looked for.
    """
    return answer.outcome is Outcome.FOUND and any(
        route.channel is not FoundChannel.FORM
        and route.basis not in _LEADS_NO_FURTHER
        and (bool(route.signed_by) or not only_signed)
        and not route.basis.is_csirt
        for route in answer.routes
    )


_LEADS_NO_FURTHER: Final = frozenset(
    {Basis.REGISTRAR, Basis.REGISTER_EXTRACT, Basis.SHARED_HOSTING}
)


def _is_made_of_address(name: str, address: str) -> bool:
    """Whether a provider made the name out of the address: it says nothing of who uses it.

    Such as ``203-0-113-7.dyn.example.net``, or the octets from last to first, or the last three.
    """
    if ":" in address:
        digits = ipaddress.ip_address(address).exploded.replace(":", "")
        return digits[-8:] in re.sub(r"[^0-9a-f]", "", name)
    octets = address.split(".")
    runs = [part for order in (octets, octets[::-1]) for part in (order[:3], order[1:])]
    numbers = [number.lstrip("0") or "0" for number in re.findall(r"[0-9]+", name)]
    return any(numbers[start : start + 3] in runs for start in range(len(numbers) - 2))
