"""What an RDAP answer about a network or an AS number says of whom to tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from baken.core.lookup import Basis, Holder, NetworkStanding, Refusal
from baken.core.routes import Scope
from baken.lookups.placeholders import refusal_of
from baken.lookups.rdap.answer import Answer, Entity
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
)

_DESK_ROLES: Final = frozenset({"noc", "technical", "administrative"})

_HOLDER: Final = Purpose(Scope.OWNER, Basis.ASSIGNMENT_HOLDER, 75, takes_letters=True)
_HOLDERS_DESK: Final = Purpose(Scope.OWNER, Basis.ASSIGNMENT_HOLDER, 65)
_OWN_ABUSE: Final = Purpose(Scope.OWNER, Basis.ASSIGNMENT_ABUSE, 80)
_NETWORKS_ABUSE: Final = Purpose(Scope.NETWORK, Basis.ALLOCATION_ABUSE, 90)
_AS_NUMBERS_ABUSE: Final = Purpose(Scope.NETWORK, Basis.AS_NUMBER_ABUSE, 80)
_NETWORKS_DESK: Final = Purpose(Scope.NETWORK, Basis.NETWORK_CONTACT, 60)


@dataclass(frozen=True, slots=True)
class Said:
    """What one answer about a network or an AS number came to."""

    gathered: Gathered
    holder: Holder | None
    entity: Entity | None
    """The holder as it stands in the answer."""


def read_network(answer: Answer, *, network: str, source: str) -> Said:
    """Whom `answer` names for the addresses of `network`, as a registry that is asked at `source`.

    Of an assignment, the holder is who uses it; its abuse contact is the holder's own only where
    the answer shows that: it stands with the holder, or they share a mail domain. Otherwise it is
    the operator's, by which most registries fill a gap.
    """
    entity = holder_entity(answer)
    gathered = Gathered(country_for(answer, entity), answer.redactions)
    holder = _holder(answer, entity, gathered, network=network, source=source)
    is_owner = (
        holder is not None
        and holder.standing is NetworkStanding.ASSIGNMENT
        and not holder.is_person
    )
    for desk in _with_role(answer, "abuse"):
        is_own = is_owner and entity is not None and _is_of(desk, entity)
        handle = holder.handle if is_own and holder else ""
        gathered.add(
            desk, _OWN_ABUSE if is_own else _NETWORKS_ABUSE, holder=handle, name=_name(desk)
        )
    if is_owner and entity is not None and holder is not None:
        _add_owner(gathered, entity, holder)
    if not gathered.has_mail(Scope.NETWORK):
        _add_desks(gathered, answer, holder, owner=entity if is_owner else None)
    return Said(gathered, holder, entity)


def read_as_number(answer: Answer, *, text: str, source: str) -> Said:
    """Whom `answer` names for the AS number `text` ("AS64496"): an operator."""
    entity = holder_entity(answer)
    gathered = Gathered(country_for(answer, entity), answer.redactions)
    holder = _holder(answer, entity, gathered, network=text, source=source)
    for desk in _with_role(answer, "abuse"):
        gathered.add(desk, _AS_NUMBERS_ABUSE, name=_name(desk))
    if not gathered.has_mail(Scope.NETWORK):
        _add_desks(gathered, answer, holder, owner=None)
    return Said(gathered, holder, entity)


def add_abuse_above(gathered: Gathered, above: Answer) -> None:
    """Adds the abuse contacts of the network `above`, out of which this one was handed on."""
    for desk in _with_role(above, "abuse"):
        gathered.add(desk, _NETWORKS_ABUSE, name=_name(desk))


def _holder(
    answer: Answer, entity: Entity | None, gathered: Gathered, *, network: str, source: str
) -> Holder | None:
    refused = refusal_of_entity(entity) if entity else None
    if refused is not None:
        gathered.refuse(*refused)
        return None
    holder = holder_of(answer, entity, network=network, source=source)
    if holder is not None and holder.is_person:
        gathered.refuse("the holder of the network", Refusal.PRIVATE_PERSON)
    return holder


def _add_owner(gathered: Gathered, entity: Entity, holder: Holder) -> None:
    gathered.add(entity, _HOLDER, holder=holder.handle, name=holder.name)
    if gathered.has_mail(Scope.OWNER):
        return
    for desk in entity.within():
        if desk.roles & _DESK_ROLES and not is_persons_contact(desk):
            gathered.add(desk, _HOLDERS_DESK, holder=holder.handle, name=holder.name)


def _add_desks(
    gathered: Gathered, answer: Answer, holder: Holder | None, *, owner: Entity | None
) -> None:
    """Other contacts of the operator, where none is named for abuse: no person, no owner's."""
    if holder is not None and holder.is_person:
        return
    for one in answer.everybody():
        if one is owner or (owner is not None and _is_of(one, owner)):
            continue
        is_holder = "registrant" in one.roles and not is_maintainer(one)
        is_desk = bool(one.roles & _DESK_ROLES) or not one.roles
        if (is_holder or is_desk) and not is_persons_contact(one) and not is_maintainer(one):
            gathered.add(one, _NETWORKS_DESK, name=_name(one))


def _with_role(answer: Answer, role: str) -> Iterator[Entity]:
    for one in answer.everybody():
        if role in one.roles and not is_maintainer(one):
            yield one


def _is_of(desk: Entity, holder: Entity) -> bool:
    """Whether `desk` is the holder's own, as far as the answer shows."""
    if desk is holder or any(desk is one for one in holder.within()):
        return True
    if desk.handle and any(desk.handle == one.handle for one in (holder, *holder.within())):
        return True
    return bool(mail_domains([desk]) & mail_domains([holder]))


def _name(desk: Entity) -> str:
    """What a desk is called; not the name of a person."""
    name = name_of(desk)
    return "" if is_persons_contact(desk) or refusal_of(name) is not None else name
