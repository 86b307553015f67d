"""Who holds what an RDAP answer is about, and whether that looks like a private person."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from baken.core.asset import WIDEST_IPV4_PREFIX, WIDEST_IPV6_PREFIX
from baken.core.lookup import Holder
from baken.lookups.persons import has_form_of_persons_name, is_organisations_name
from baken.lookups.placeholders import refusal_of
from baken.lookups.rdap.answer import Answer, Entity, ObjectClass
from baken.lookups.rdap.contacts import name_of
from baken.lookups.registries import country_of, registry_of, standing_of

_REGISTRARS: Final = frozenset({"registrar", "sponsor", "reseller"})
_PERSONS: Final = frozenset({"individual", ""})
_LONGEST_HANDLE: Final = 100
_TAG: Final = re.compile(r"[A-Z][A-Z0-9]{1,15}")


def is_registrar(entity: Entity) -> bool:
    """Whether `entity` sold the domain, or sponsors it, and does not hold it itself."""
    return bool(entity.roles & _REGISTRARS) and "registrant" not in entity.roles


def is_maintainer(entity: Entity) -> bool:
    """Whether `entity` is who may change the entry: RIPE and AFRINIC give it as a registrant."""
    if "mnt" in entity.handle.lower().replace("_", "-").split("-"):
        return True
    is_nameless = entity.card.name in ("", entity.handle)
    return is_nameless and entity.card.kind == "individual" and not entity.card.has_contact


def holder_entity(answer: Answer) -> Entity | None:
    """Who holds the object of `answer`: its registrant, an organisation before anybody else."""
    candidates = [
        one
        for one in answer.entities
        if "registrant" in one.roles and not is_maintainer(one) and not is_registrar(one)
    ]
    if not candidates and answer.object_class is not ObjectClass.DOMAIN:
        # AFRINIC gave no roles in its early years.
        candidates = [one for one in answer.entities if one.card.kind == "org" and not one.roles]
    ranked = sorted(candidates, key=lambda one: (one.card.kind != "org", one.card.is_empty))
    return ranked[0] if ranked else None


def is_person(entity: Entity, *, is_of_domain: bool) -> bool:
    """Whether `entity` looks like a private person.

    It says that it is an individual, or gives a family and a given name, and names no
    organisation. Of a domain, a registrant without an organisation is a person by ICANN's
    Registration Data Policy; here only when its name has the form of one, too.
    """
    card = entity.card
    if card.name and refusal_of(card.name) is not None:
        return False
    is_of_words = len(card.name.split()) > 1  # a word alone stands for a person's name, too
    if card.kind not in _PERSONS or (is_of_words and is_organisations_name(card.name)):
        return False
    if card.organisation and refusal_of(card.organisation) is None:
        return has_form_of_persons_name(card.organisation) and card.organisation == card.name
    if card.kind == "individual" or card.has_personal_name:
        return bool(card.name)
    return is_of_domain and has_form_of_persons_name(card.name)


def is_persons_contact(entity: Entity) -> bool:
    """Whether `entity` is one person, be it of an organisation: its own mailbox is not kept."""
    card = entity.card
    return card.kind == "individual" and not is_organisations_name(card.name)


def holder_of(answer: Answer, entity: Entity | None, *, network: str, source: str) -> Holder | None:
    """`entity`, or whom the descriptions of `answer` name, as a holder.

    Of a private person neither name nor handle is kept. Who holds a network may be unnamed: then
    it is known by the network. None for a domain of which nobody is named.
    """
    is_domain = answer.object_class is ObjectClass.DOMAIN
    standing = standing_of(answer.type)
    if entity is not None and is_person(entity, is_of_domain=is_domain):
        return Holder("", "", network, standing, country_for(answer, entity), is_person=True)
    if entity is None:
        name, handle = next(_described(answer), ""), ""
    else:
        name, handle = name_of(entity), _handle(answer, entity, source=source)
    if is_domain and not name:
        return None
    return Holder(handle, name, network, standing, country_for(answer, entity))


def country_for(answer: Answer, entity: Entity | None) -> str:
    """The country (ISO 3166-1) of the object, else of its holder's postal address; or empty."""
    country = country_of(answer.country)
    if country or entity is None:
        return country
    for address in entity.card.addresses:
        # Where it stands in no place of its own, it is the last line.
        country = country_of(address.country) or country_of("".join(address.lines[-1:]))
        if country and (address.country or len(address.lines[-1]) > 2):
            return country
    return ""


def network_around(answer: Answer, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """The part of the network of `answer` that is one prefix and holds `address`, in CIDR text.

    A registry hands out ranges; most are one prefix. Empty when `address` is not in it, or when it
    is so wide that it is no holder's: the registry then knows nothing narrower.
    """
    number = int(address)
    if answer.version != address.version or not answer.first <= number <= answer.last:
        return ""
    bits = address.max_prefixlen
    for length in range(bits + 1):
        size = 1 << (bits - length)
        start = number - number % size
        if start >= answer.first and start + size - 1 <= answer.last:
            widest = WIDEST_IPV4_PREFIX if bits == 32 else WIDEST_IPV6_PREFIX
            network = ipaddress.ip_network((start, length))
            return str(network) if length >= widest else ""
    return ""


def personal_sets(answer: Answer) -> int:
    """How many sets of personal data `answer` holds: registries count persons and desks.

    An abuse contact does not count (RIPE NCC's Acceptable Use Policy), nor does an organisation.
    """
    counted = {
        entity.handle or entity.card.name
        for entity in answer.everybody()
        if entity.card.kind != "org"
        and "abuse" not in entity.roles
        and entity.card.has_contact
        and not is_maintainer(entity)
    }
    return len(counted)


def _handle(answer: Answer, entity: Entity, *, source: str) -> str:
    handle = entity.handle
    if not handle or len(handle) > _LONGEST_HANDLE or refusal_of(handle) is not None:
        return ""
    return f"{_registry(answer, entity, source=source)}:{handle}"


def _registry(answer: Answer, entity: Entity, *, source: str) -> str:
    """Which registry the handle of `entity` is of.

    By its servers, where they are in the list; by the handle's own end (RFC 8521, and RFC 5730 for
    contacts of domains); else by the host that answered.
    """
    urls = [one.url for one in (*entity.links, *answer.links) if one.relation == "self"]
    hosts = [entity.port43, answer.port43, *map(_host, urls), _host(source)]
    known = next(filter(None, map(registry_of, hosts)), "")
    tag = entity.handle.rpartition("-")[2].upper() if "-" in entity.handle else ""
    if not _TAG.fullmatch(tag):
        tag = ""
    if answer.object_class is ObjectClass.DOMAIN:
        known = ""  # its servers are a registry's of domains
    return known or tag or _host(source).upper()


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _described(answer: Answer) -> Iterator[str]:
    """The first line of the descriptions, where it is the name of an organisation.

    APNIC and RIPE had holders written there; others write a place, a use, or draw lines.
    """
    for line in answer.descriptions[:1]:
        if is_organisations_name(line) and refusal_of(line) is None:
            yield line
