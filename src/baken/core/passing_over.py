"""What speaks against a route, whoever the owner is: predicates over answers."""

from __future__ import annotations

from baken.core.asset import registrable_domain
from baken.core.ladder import Answers, Sought, counted_names, is_shared_name, own_holders
from baken.core.lookup import (
    Basis,
    FoundChannel,
    FoundRoute,
    LookupAnswer,
    NetworkStanding,
    Subject,
    SubjectKind,
)


def counts(subject: Subject, sought: Sought, answers: Answers) -> bool:
    """Whether what is said about `subject` may lead to the owner of the system at all."""
    if subject.kind not in (SubjectKind.NAME, SubjectKind.DOMAIN):
        return True
    names = counted_names(sought, answers)
    domains = {registrable_domain(name) for name in (*names, sought.mail_domain) if name}
    return subject.value in names or registrable_domain(subject.value) in domains


def is_of_another_country(answer: LookupAnswer, answers: Answers) -> bool:
    """Whether `answer` is about an organisation of the same name in another country."""
    if answer.subject.kind is not SubjectKind.HOLDER:
        return False
    there = {holder.country for holder in answer.holders} - {""}
    named = [one for one in own_holders(answers) if one.name == answer.subject.value]
    return bool(there) and all(one.country and one.country not in there for one in named)


def is_mail_read_by_burglar(route: FoundRoute, sought: Sought) -> bool:
    """Whether whoever broke in may read mail by `route`."""
    if not sought.is_mail_broken_into or route.channel is not FoundChannel.MAIL:
        return False
    names = (sought.asked_name, sought.mail_domain, *sought.hinted_names)
    return domain_of_mail(route) in {registrable_domain(name) for name in names if name}


def domain_of_mail(route: FoundRoute) -> str:
    """The registered domain of a mail address; empty for any other route."""
    if route.channel is not FoundChannel.MAIL:
        return ""
    return registrable_domain(route.address.rpartition("@")[2])


def takes_no_mail(route: FoundRoute, answers: Answers) -> bool:
    """Whether the DNS says that the domain of a mail address takes none."""
    if route.channel is not FoundChannel.MAIL:
        return False
    domain = Subject(SubjectKind.DOMAIN, route.address.rpartition("@")[2])
    return any(answer.takes_mail is False for answer in answers.about(domain))


def is_private_person(sought: Sought, answers: Answers) -> bool:
    """Whether who holds the address for its own use, or the name, looks like a private person.

    Who holds the AS number only announces the address.
    """
    return any(
        holder.is_person
        for answer in answers.by_question.values()
        if answer.subject.kind is not SubjectKind.AS_NUMBER
        and counts(answer.subject, sought, answers)
        for holder in answer.holders[:1]
        if not holder.network or holder.standing is NetworkStanding.ASSIGNMENT
    )


def is_of_who_gives_room(answer: LookupAnswer, route: FoundRoute, answers: Answers) -> bool:
    """Whether what is said about a name is said by whoever gave that name out, and not by its user.

    So it is of a parent domain's word, and of a mail address in the domain of who gives room.
    """
    name = answer.subject.value
    if not is_shared_name(name, answers):
        return False
    own = registrable_domain(name)
    return route.basis is Basis.PARENT_FILE or domain_of_mail(route) == own
