"""Lookup: who registered a domain, and which registrar can pass something on (RDAP)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from baken.core.given_file import GivenFile, GivenFileKind
from baken.core.lookup import Basis, Holder, LookupAnswer, Refusal, Subject, SubjectKind
from baken.core.routes import Scope
from baken.lookups.kind import LookupKind
from baken.lookups.rdap.answer import Answer, Entity, ObjectClass
from baken.lookups.rdap.asking import (
    FollowUps,
    Reply,
    ask_first_of,
    found,
    no_server,
    without_answer,
)
from baken.lookups.rdap.bootstrap import Bootstrap, read_bootstrap
from baken.lookups.rdap.completing import with_holders_card
from baken.lookups.rdap.contacts import (
    Gathered,
    Purpose,
    mail_domains,
    name_of,
    refusal_of_entity,
)
from baken.lookups.rdap.holders import (
    country_for,
    holder_entity,
    holder_of,
    is_maintainer,
    is_persons_contact,
    is_registrar,
    personal_sets,
)
from baken.outside import Outside
from baken.outside.fetching import Web

_KEY: Final = "rdap-domain"
_CONTACT_ROLES: Final = frozenset({"technical", "administrative", "noc", "tech", "admin"})

_REGISTRANT: Final = Purpose(Scope.NAME, Basis.REGISTRANT, 80, takes_letters=True)
_CONTACT: Final = Purpose(Scope.NAME, Basis.DOMAIN_CONTACT, 55)
_REGISTRAR: Final = Purpose(Scope.NAME, Basis.REGISTRAR, 15)


@dataclass(frozen=True, slots=True)
class RdapDomain:
    """Asks the registry of the top-level domain, and the registrar where that one refers to it."""

    bootstrap: Bootstrap

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        """As `baken.lookups.kind.Lookup` says."""
        return [self._ask(subject, web=outside.web, now=now) for subject in subjects]

    def _ask(self, subject: Subject, *, web: Web, now: datetime) -> LookupAnswer:
        servers = self.bootstrap.for_domain(subject.value)
        if not servers:
            return no_server(_KEY, subject, now=now)
        reply = ask_first_of(web, servers, f"domain/{subject.value}")
        if reply.answer is None:
            return without_answer(_KEY, subject, reply, now=now)
        fault = _fault(reply.answer, subject.value)
        if fault:
            return without_answer(_KEY, subject, Reply(reply.url, note=fault), now=now)
        follow_ups = FollowUps(web, asked={reply.url})
        answer, source = reply.answer, reply.url
        sets = personal_sets(answer)
        of_registrar = _ask_registrar(answer, subject.value, follow_ups)
        if of_registrar is not None:
            answer, source = of_registrar
            sets += personal_sets(answer)
        answer, more = with_holders_card(
            answer, source, follow_ups=follow_ups, bootstrap=self.bootstrap
        )
        gathered, holder = read_domain(answer, source=source)
        return found(
            _KEY,
            subject,
            gathered,
            holder=holder,
            source=source,
            personal_sets=sets + more,
            failed=follow_ups.failed,
            now=now,
        )


def _fault(answer: Answer, domain: str) -> str:
    """Why `answer` says nothing of `domain`; empty when it does."""
    if answer.object_class is not ObjectClass.DOMAIN:
        return f"The answer is about another kind of object: {answer.object_class}."
    if answer.name != domain:
        return f"The answer is about another domain than {domain}."
    return ""


def _ask_registrar(answer: Answer, domain: str, follow_ups: FollowUps) -> tuple[Answer, str] | None:
    """What the registrar says, and where, when the registry itself knows no registrant.

    Registries of .com and .net keep the registrar alone, and link to its server ("related").
    """
    holder = holder_entity(answer)
    if holder is not None and not holder.card.is_empty:
        return None
    links = [
        one.url
        for one in answer.links
        if one.relation == "related" and "rdap" in one.media_type and "/domain/" in one.url
    ]
    if not links:
        return None
    reply = follow_ups.ask(links[0])
    if reply.answer is None or _fault(reply.answer, domain):
        return None
    return reply.answer, reply.url


def read_domain(answer: Answer, *, source: str) -> tuple[Gathered, Holder | None]:
    """Whom `answer` names: the registrant, then contacts of the domain, then the registrar."""
    entity = holder_entity(answer)
    gathered = Gathered(country_for(answer, entity), answer.redactions)
    registrars = [one for one in answer.entities if is_registrar(one)]
    holder = None
    stands_in = refusal_of_entity(entity) if entity else None
    if entity is not None and stands_in is None:
        holder = holder_of(answer, entity, network="", source=source)
    is_private = holder is not None and holder.is_person
    if is_private:
        gathered.refuse("the registrant", Refusal.PRIVATE_PERSON)
    elif entity is not None:
        handle, name = (holder.handle, holder.name) if holder else ("", "")
        gathered.add(entity, _REGISTRANT, holder=handle, name=name)
    for one in answer.entities:
        if one is entity or is_registrar(one) or is_maintainer(one):
            continue
        if _is_registrars(one, registrars):
            registrars.append(one)
        elif one.roles & _CONTACT_ROLES and not is_private and not is_persons_contact(one):
            gathered.add(one, _CONTACT, name=name_of(one))
    for desk in _registrars_desks(registrars):
        gathered.add(desk, _REGISTRAR, name=name_of(desk))
    return gathered, holder


def _is_registrars(one: Entity, registrars: Sequence[Entity]) -> bool:
    """Whether a contact of the domain is the registrar's own.

    gTLDs must give the registrar's abuse contact (ICANN's RDAP Response Profile), and some give it
    beside the registrar instead of inside it. Others run the domain for its registrant.
    """
    if "abuse" in one.roles:
        return True
    within = [each for registrar in registrars for each in (registrar, *registrar.within())]
    return bool(mail_domains([one]) & mail_domains(within))


def _registrars_desks(registrars: Sequence[Entity]) -> Iterator[Entity]:
    """Those of the registrar's for abuse; where there is none, the registrar itself."""
    everybody = [each for one in registrars for each in (one, *one.within())]
    desks = [each for each in everybody if "abuse" in each.roles and each.card.has_contact]
    yield from desks or [each for each in everybody if is_registrar(each)]


def _open(given: Sequence[GivenFile]) -> RdapDomain:
    return RdapDomain(read_bootstrap(given))


KIND: Final = LookupKind(
    key=_KEY, asks_about=SubjectKind.DOMAIN, open=_open, reads=GivenFileKind.RDAP_BOOTSTRAP
)
