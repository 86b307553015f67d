"""Lookups: a question put to one outside source about a system, and what came back.

A lookup never says *nobody* when it could not ask: a source that failed makes the answer *unknown*.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Protocol

from baken.core.routes import Scope


class SubjectKind(StrEnum):
    """What a question is about."""

    ADDRESS = "address"
    """An IPv4 or IPv6 address, as `ipaddress` writes it."""
    NAME = "name"
    """A host name, in its normal form (`core.asset.normalise_domain`)."""
    DOMAIN = "domain"
    """A domain that can be registered: of a host name, or of mail addresses."""
    AS_NUMBER = "as-number"
    """An AS number, in digits."""
    HOLDER = "holder"
    """The name of an organisation, as a registry writes it."""
    REGISTER_NUMBER = "register-number"
    """The number of an organisation in its country's register (`core.register_number`)."""
    COUNTRY = "country"
    """A country that is not our own: ISO 3166-1, two upper-case letters."""


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """What one question is about."""

    kind: SubjectKind
    value: str

    def __str__(self) -> str:
        return f"AS{self.value}" if self.kind is SubjectKind.AS_NUMBER else self.value


class Outcome(StrEnum):
    """What became of a question."""

    FOUND = "found"
    NONE = "none"
    """The source answered, and has nothing."""
    UNKNOWN = "unknown"
    """The source failed, refused, or answered with what cannot be read."""


class Turn(IntEnum):
    """When a lookup is asked: what costs nobody anything first, guesses last."""

    GIVEN = 0
    """Files that were given to us: nobody is asked."""
    RESOLVED = 1
    """The DNS, as any visitor of a name asks it."""
    OWN_WORD = 2
    """What the host or name publishes about itself."""
    PARENT_WORD = 3
    """What a parent domain publishes."""
    REGISTRY = 4
    """Registries, whose budgets are small."""
    GUESS = 5
    """Addresses that usually exist."""
    JUDGED = 6
    """Whether what was found can work."""


class AsksAbout(Protocol):
    """What the ladder must know of a lookup; `baken.lookups.LookupKind` is one."""

    @property
    def key(self) -> str:
        """The key under which its answers are kept."""
        ...

    @property
    def asks_about(self) -> SubjectKind:
        """The kind of subject that it can be asked about."""
        ...

    @property
    def turn(self) -> Turn:
        """When it is asked."""
        ...

    @property
    def resolves_names(self) -> bool:
        """Whether it says to which addresses a name resolves."""
        ...

    @property
    def judges_mail(self) -> bool:
        """Whether it says if a domain takes mail."""
        ...

    @property
    def stands_in_for(self) -> str:
        """The key of the lookup that must have left a question open before; empty for none."""
        ...

    @property
    def is_said_by_subject(self) -> bool:
        """Whether the host or name itself says it."""
        ...


class FoundChannel(StrEnum):
    """How a found contact is reached. Not all of them are channels of ours."""

    MAIL = "mail"
    PHONE = "phone"
    LETTER = "letter"
    FORM = "form"
    """A form on the web: a person has to fill it in."""


class Basis(StrEnum):
    """Why a found route deserves its confidence; each is worded by `explaining`."""

    OWN_FILE = "own-file"
    """The host itself publishes it (security.txt)."""
    PARENT_FILE = "parent-file"
    """A parent domain publishes it: perhaps somebody else's desk."""
    OWN_RECORD = "own-record"
    """The DNS zone of the name publishes it (`_security`)."""
    REGISTRANT = "registrant"
    """Who registered the domain."""
    DOMAIN_CONTACT = "domain-contact"
    """A technical or abuse contact of the domain, not the registrar's."""
    REGISTRAR = "registrar"
    """The registrar's desk: it can only pass on."""
    ASSIGNMENT_HOLDER = "assignment-holder"
    """Who holds the narrowest network, assigned for use."""
    ASSIGNMENT_ABUSE = "assignment-abuse"
    """The abuse contact that the narrowest, assigned network names of its own."""
    ALLOCATION_ABUSE = "allocation-abuse"
    """The abuse contact of the network that the address lies in: an operator."""
    NETWORK_CONTACT = "network-contact"
    """A contact of the network or AS number for other things, where none is named for abuse."""
    AS_NUMBER_ABUSE = "as-number-abuse"
    """The abuse contact of the AS number that announces it: an operator."""
    ZONE_MAILBOX = "zone-mailbox"
    """The mailbox in the zone's SOA record: whoever runs the DNS."""
    USUAL_ADDRESS = "usual-address"
    """An address that RFC 2142 reserves; nobody said that it is read."""
    SHARED_HOSTING = "shared-hosting"
    """Who gives others names below one of its own."""
    REGISTER_EXTRACT = "register-extract"
    """A register of organisations, found by the holder's name."""
    CSIRT_CONSTITUENCY = "csirt-constituency"
    """Another CSIRT, whose constituency it is."""
    NATIONAL_CSIRT = "national-csirt"
    """The national CSIRT of the network's country."""
    ANALYST = "analyst"
    """An analyst found it."""

    @property
    def is_csirt(self) -> bool:
        """Whether it is no way to an owner or operator, but to who warns in our place."""
        return self in (Basis.CSIRT_CONSTITUENCY, Basis.NATIONAL_CSIRT)


class Refusal(StrEnum):
    """Why something that was found is no route; each is worded by `explaining`."""

    EXPIRED = "expired"
    NOT_READABLE = "not-readable"
    """It is no address: a template, a word, a sentence."""
    PLACEHOLDER = "placeholder"
    """It stands where a contact should be: "REDACTED FOR PRIVACY"."""
    REGISTRY_DESK = "registry-desk"
    """The registry's own desk."""
    PRIVACY_SERVICE = "privacy-service"
    """A service that stands in for a registrant who does not want to be seen."""
    WITHOUT_EXPIRY = "without-expiry"
    """A security.txt must say until when it holds (RFC 9116 section 2.5.5)."""
    NOT_CANONICAL = "not-canonical"
    """The file says that it stands elsewhere (RFC 9116 section 2.5.2)."""
    BAD_SIGNATURE = "bad-signature"
    CENTRAL_DESK = "central-desk"
    """It answers for too many domains to be the owner."""
    OUR_OWN = "our-own"
    TAKES_NO_MAIL = "takes-no-mail"
    """Its domain does not exist, or says that it takes no mail (RFC 7505)."""
    TOO_MANY = "too-many"
    """Beyond the number of contacts that are looked at."""
    PRIVATE_PERSON = "private-person"
    LOOKALIKE = "lookalike"
    """Its domain is written to look like another (UTS 39)."""
    SEVERAL_ENTRIES = "several-entries"
    """Several organisations in a register go by it."""
    COSTLY_NUMBER = "costly-number"
    """Whoever calls it pays for more than a call: 0900 and the like."""


@dataclass(frozen=True, slots=True)
class FoundRoute:
    """One way to somebody, as a source gave it. Its text is checked, and not yet plausible."""

    channel: FoundChannel
    address: str
    """A mail address (`core.mail_address.routable_address`), a number in E.164, a postal address
    with its lines, or the https address of a form."""
    scope: Scope
    basis: Basis
    confidence: int
    """From 0 to 100: how sure it is that this reaches whom `scope` names."""
    language: str = ""
    """Preferred, as BCP 47 writes it; empty when unsaid."""
    name: str = ""
    """Whom it reaches, as the source says; may be empty."""
    holder: str = ""
    """The handle of the `Holder` whose route it is; may be empty."""
    signed_by: str = ""
    """The fingerprint of the OpenPGP key that signed it, in upper-case hexadecimal digits."""
    encryption: str = ""
    """Where its OpenPGP key is to be had, as the source says."""


@dataclass(frozen=True, slots=True)
class RefusedRoute:
    """What a source gave in place of a route, for an analyst to see."""

    text: str
    """On one line, at most 200 characters."""
    why: Refusal


class NetworkStanding(StrEnum):
    """How a network is held."""

    ASSIGNMENT = "assignment"
    """For use by its holder."""
    ALLOCATION = "allocation"
    """For handing on to others: its holder is an operator."""
    UNSAID = "unsaid"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a network, an AS number or a domain, as a registry says."""

    handle: str
    """Unique with its registry: "RIPE:ORG-EX1-RIPE". Empty when the registry gives none."""
    name: str
    network: str = ""
    """The network in CIDR text, or "AS64496"; empty for a domain."""
    standing: NetworkStanding = NetworkStanding.UNSAID
    country: str = ""
    """ISO 3166-1, two upper-case letters; empty when unsaid."""
    is_person: bool = False
    """Whether it looks like a private person."""
    register_number: str = ""
    """Its number in its country's register (`core.register_number`), where a source says it."""
    gives_room: bool = False
    """Whether what it holds is used by many others: a hosting provider, a CDN."""
    handed_over_to: str = ""
    """The CSIRT that warns instead of us, where a constituency says so."""


@dataclass(frozen=True, slots=True)
class LookupAnswer:
    """What one lookup says of one subject."""

    lookup: str
    """The key of the lookup."""
    subject: Subject
    outcome: Outcome
    source: str
    """What was asked, findable again: a URL, a DNS question, a file with its date."""
    fetched_at: datetime
    valid_until: datetime
    """When it should be asked again, whatever the outcome."""
    routes: tuple[FoundRoute, ...] = ()
    holders: tuple[Holder, ...] = ()
    """The narrowest first."""
    refused: tuple[RefusedRoute, ...] = ()
    addresses: tuple[str, ...] = ()
    """Of a name: the addresses to which it resolves, as `ipaddress` writes them."""
    personal_sets: int = 0
    """How many sets of personal data the answer held: registries count what they hand out."""
    takes_mail: bool | None = None
    """Of a domain: whether it takes mail, as far as the DNS says."""
    note: str = ""
    """Why it is unknown, or what is odd about it: one plain English sentence."""
