"""The sorts of systems whose owner nobody registered: what is said about each, and who owns it.

The truth is written where what is said is made: each sort is one function. Half of them are traps:
what is said leads to somebody who is not the owner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from baken.specimen.internet import Page, Record
from baken.specimen.registry_answers import Somebody, domain_answer

OF_AN_OPERATOR: Final = 64
"""So many networks lie in the one that was allocated to an operator."""
FAILING_REGISTRIES: Final = ("rdap-broken", "rdap-silent", "rdap-busy")

_BROKEN_REGISTRY, _SILENT_REGISTRY, _BUSY_REGISTRY = FAILING_REGISTRIES
_FIRST: Final = int(IPv4Address("198.18.0.0"))  # RFC 2544: kept for benchmarks, 2^17 addresses
_NETWORK: Final = 8
LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Answers:
    """What is said about one system, and the truth about it."""

    asked_name: str = ""
    """The name under which the source asked it, in a URL."""
    hinted_name: str = ""
    """Its reverse name, or that in its certificate."""
    is_from_certificate: bool = False
    is_broken_into: bool = False
    owner_domain: str = ""
    """At which its owner reads mail; empty where nobody may be taken for the owner."""
    owner_telephone: str = ""
    holder: Somebody | None = None
    """To whom its network was assigned; None: it is the operator's own."""
    is_operator_silent: bool = False
    """Whether the registry names nobody who answers for the network."""
    registry: str = ""
    """Which registry answers for its network; empty for one of those that work."""
    domains: tuple[tuple[str, str], ...] = ()
    """What a registry answers about domains."""
    records: tuple[Record, ...] = ()
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """What sets one system apart from the others."""

    number: int

    @property
    def address(self) -> str:
        """The address of the system."""
        return str(IPv4Address(_FIRST + self.number * _NETWORK + 1))

    @property
    def network(self) -> IPv4Network:
        """The network around it: no other system is in it."""
        return IPv4Network((_FIRST + self.number * _NETWORK, 29))

    @property
    def domain(self) -> str:
        """The domain of its owner."""
        return f"bedrijf-{self.number}.example"

    @property
    def other(self) -> str:
        """The domain of somebody else."""
        return f"ander-{self.number}.example"

    @property
    def operator(self) -> str:
        """The domain of the network's operator, which has many networks."""
        return f"operator-{self.number // OF_AN_OPERATOR}.example"

    @property
    def company(self) -> Somebody:
        """Its owner, as a registry knows it."""
        name = f"Bedrijf {self.number} B.V."
        return Somebody(f"ORG-{self.number}-TEST", name, mail=f"it@{self.domain}")


# ── Whose owner can be found ─────────────────────────────────────────────────────────────────────


def _holder(place: Place) -> Answers:
    """Its network was assigned to its owner."""
    return Answers(owner_domain=place.domain, holder=place.company, records=_takes_mail(place))


def _holder_with_telephone(place: Place) -> Answers:
    """As before, and the registry has a number too."""
    number = f"+3120{2_000_000 + place.number}"
    holder = replace(place.company, telephone=number)
    return replace(_holder(place), holder=holder, owner_telephone=number)


def _own_file(place: Place) -> Answers:
    """The source asked it by a name, and that host has a security.txt."""
    return _asked(place, pages=(security_txt(f"www.{place.domain}", f"security@{place.domain}"),))


def _parents_file(place: Place) -> Answers:
    """The host has no security.txt; the domain above it has."""
    return _asked(place, pages=(security_txt(place.domain, f"security@{place.domain}"),))


def _own_record(place: Place) -> Answers:
    """Its reverse name leads back to it, and publishes a contact in the DNS."""
    name, until = f"mail.{place.domain}", datetime.now(UTC) + timedelta(days=90)
    contact = Record(f"_security.{name}", "TXT", f"security_contact=mailto:security@{place.domain}")
    expires = Record(f"_security.{name}", "TXT", f"security_expires={until:%Y-%m-%dT%H:%M:%SZ}")
    confirmed = _confirmed(place)
    return replace(confirmed, records=(*confirmed.records, contact, expires))


def _registrant(place: Place) -> Answers:
    """Its reverse name leads back to it, and a registry says who registered the domain."""
    parties = (("registrant", place.company), ("registrar", _REGISTRAR))
    return replace(
        _confirmed(place), domains=((place.domain, domain_answer(place.domain, parties=parties)),)
    )


def _usual_addresses(place: Place) -> Answers:
    """Its reverse name leads back to it, and nobody says more than that the domain takes mail."""
    return _confirmed(place)


def _shared_hosting(place: Place) -> Answers:
    """A site that was broken into, among others of a hosting company that holds the network.

    What the site says of itself may be the burglar's.
    """
    hoster = Somebody(f"HOST-{place.number}-TEST", "Voorbeeld Hosting B.V.",
                      mail=f"support@{place.other}")  # fmt: skip
    file = security_txt(f"www.{place.domain}", f"burglar@{place.other}")
    asked = _asked(place, pages=(file,))
    answer = domain_answer(place.domain, parties=(("registrant", place.company),))
    return replace(
        asked,
        is_broken_into=True,
        holder=hoster,
        domains=((place.domain, answer),),
        records=(*asked.records, Record(place.other, "MX", f"10 mail.{place.other}")),
    )


def _shared_hosting_alone(place: Place) -> Answers:
    """As before, and nobody else says whose site it is: the hosting company is not its owner."""
    known = _shared_hosting(place)
    no_mail = Record(place.domain, "MX", "0 .")
    records = [one for one in known.records if one.name != place.domain or one.record_type != "MX"]
    return replace(known, domains=(), records=(*records, no_mail))


# ── Whose owner is not found where it seems to be ────────────────────────────────────────────────


def operator_only(place: Place) -> Answers:
    """A network of the operator's own, and no name."""
    del place
    return Answers()


def _name_of_another(place: Place) -> Answers:
    """Its reverse name is another's, and leads to that one's host."""
    name = f"host.{place.other}"
    return Answers(
        hinted_name=name,
        records=tuple(Record(one, "A", LOOPBACK) for one in (name, place.other)),
        pages=tuple(security_txt(one, f"wrong@{place.other}") for one in (name, place.other)),
    )


def _certificate_of_another(place: Place) -> Answers:
    """Its certificate names another's host."""
    return replace(_name_of_another(place), is_from_certificate=True)


def _name_of_operator(place: Place) -> Answers:
    """Its reverse name is one that the operator made up, and leads back to it.

    The operator has a security.txt for all of its names.
    """
    name = f"klant-{place.number}.pool.{place.operator}"
    return Answers(hinted_name=name, records=(Record(name, "A", place.address),))


def _expired_file(place: Place) -> Answers:
    """The host's security.txt is out of date: whoever it names may have left."""
    host = f"www.{place.domain}"
    expired = security_txt(host, f"left@{place.other}", expires="2020-01-01T00:00:00Z")
    return _asked(place, pages=(expired,))


def central_desk(place: Place) -> Answers:
    """The host's security.txt names a desk that stands in the files of many others."""
    file = security_txt(f"www.{place.domain}", "desk@provider.example")
    return _asked(place, pages=(file,))


def _redacted(place: Place) -> Answers:
    """A registry hides who registered the domain, which takes no mail."""
    hidden = Somebody("REDACTED", "REDACTED FOR PRIVACY",
                      mail=f"please-query-the-registrar@{place.other}",
                      remark="REDACTED FOR PRIVACY")  # fmt: skip
    answer = domain_answer(
        place.domain, parties=(("registrant", hidden), ("registrar", _REGISTRAR))
    )
    return replace(_confirmed(place, takes_mail=False), domains=((place.domain, answer),))


def _registrar_only(place: Place) -> Answers:
    """A registry names the registrar and nobody else; the domain takes no mail."""
    answer = domain_answer(place.domain, parties=(("registrar", _REGISTRAR),))
    return replace(_confirmed(place, takes_mail=False), domains=((place.domain, answer),))


def _private_person(place: Place) -> Answers:
    """Its network was assigned to somebody at home."""
    person = Somebody(f"P{place.number}-TEST", "Private Person", kind="individual",
                      mail=f"thuis@{place.other}")  # fmt: skip
    return Answers(holder=person, records=(Record(place.other, "MX", f"10 mail.{place.other}"),))


def _null_mx(place: Place) -> Answers:
    """Its owner's address stands in a registry, at a domain that takes no mail (RFC 7505)."""
    return Answers(
        owner_domain=place.domain,
        holder=place.company,
        records=(Record(place.domain, "MX", "0 ."),),
    )


def _lookalike(place: Place) -> Answers:
    """Its security.txt names a domain that is written to look like the owner's."""
    alike = place.domain.replace("e", "\N{CYRILLIC SMALL LETTER IE}", 1)
    return _asked(place, pages=(security_txt(f"www.{place.domain}", f"security@{alike}"),))


def _form_only(place: Place) -> Answers:
    """Its security.txt names a form on the web: a task for a person."""
    host = f"www.{place.domain}"
    body = f"Contact: https://{host}/contact\nExpires: {_LATER}\n"
    asked = _asked(place, pages=(Page(f"https://{host}/.well-known/security.txt", body),))
    return replace(asked, records=(*asked.records, Record(place.domain, "MX", "0 .")))


def _nothing(place: Place) -> Answers:
    """Nobody says anything about it."""
    del place
    return Answers(is_operator_silent=True)


def _broken_registry(place: Place) -> Answers:
    """The registry answers with an error of its own."""
    return replace(_holder(place), registry=_BROKEN_REGISTRY)


def _silent_registry(place: Place) -> Answers:
    """The registry takes the question and never answers."""
    return replace(_holder(place), registry=_SILENT_REGISTRY)


def _busy_registry(place: Place) -> Answers:
    """The registry asks to be asked later."""
    return replace(_holder(place), registry=_BUSY_REGISTRY)


def _silent_host(place: Place) -> Answers:
    """The host that it was asked by takes the question and never answers."""
    host = f"www.{place.domain}"
    silent = Page(f"https://{host}/.well-known/security.txt", is_silent=True)
    return _asked(place, pages=(silent,))


Sort = Callable[[Place], Answers]

_SHARES: Final[tuple[tuple[Sort, int], ...]] = (
    (operator_only, 18), (_holder, 18), (_holder_with_telephone, 6),
    (_own_file, 6), (_parents_file, 3), (_own_record, 3), (_registrant, 6), (_usual_addresses, 4),
    (_shared_hosting, 3), (_shared_hosting_alone, 1),
    (_name_of_another, 5), (_certificate_of_another, 2),
    (_name_of_operator, 5), (_expired_file, 2), (central_desk, 2), (_redacted, 3),
    (_registrar_only, 2), (_private_person, 3), (_null_mx, 1), (_lookalike, 1), (_form_only, 1),
    (_nothing, 1), (_broken_registry, 1), (_silent_registry, 1), (_busy_registry, 1),
    (_silent_host, 1),
)  # fmt: skip
"""Of a hundred systems, how many are of which sort."""


def _spread(shares: Iterable[tuple[Sort, int]]) -> Iterator[Sort]:
    """Each sort as often as its share, mixed: the rarest are not all at the end."""
    left = dict(shares)
    while left:
        yield from left
        left = {sort: count - 1 for sort, count in left.items() if count > 1}


TURNS: Final = tuple(_spread(_SHARES))
_LATER: Final = "2099-01-01T00:00:00Z"
_REGISTRAR: Final = Somebody(
    "REG1-TEST", "Voorbeeld Registrar B.V.", mail="abuse@registrar.example"
)


def security_txt(host: str, mail: str, *, expires: str = _LATER) -> Page:
    """A security.txt (RFC 9116)."""
    body = f"Contact: mailto:{mail}\nExpires: {expires}\n"
    return Page(f"https://{host}/.well-known/security.txt", body)


def _takes_mail(place: Place) -> tuple[Record, ...]:
    return (Record(place.domain, "MX", f"10 mail.{place.domain}"),)


def _asked(place: Place, *, pages: tuple[Page, ...]) -> Answers:
    """A system that was asked by its owner's name."""
    name = f"www.{place.domain}"
    hosts = tuple(Record(one, "A", LOOPBACK) for one in (name, place.domain))
    takes_mail = () if place.number % 2 else _takes_mail(place)
    return Answers(
        asked_name=name, owner_domain=place.domain, records=(*hosts, *takes_mail), pages=pages
    )


def _confirmed(place: Place, *, takes_mail: bool = True) -> Answers:
    """A system whose reverse name is its owner's, and leads back to it."""
    name = f"mail.{place.domain}"
    mail = _takes_mail(place) if takes_mail else (Record(place.domain, "MX", "0 ."),)
    return Answers(
        hinted_name=name,
        owner_domain=place.domain,
        records=(Record(name, "A", place.address), *mail),
    )
