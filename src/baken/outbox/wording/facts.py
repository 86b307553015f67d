"""What a message says, as values: who warns, of which systems, and to whom."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Final

from baken.core.classification import Severity, Tlp
from baken.core.detail import Detail
from baken.core.observation import AffectedRole
from baken.core.sharing import LegalGround, Source

_IN_LOGS: Final = frozenset({AffectedRole.SOURCE.value, AffectedRole.TARGET.value})


@dataclass(frozen=True, slots=True)
class Sender:
    """Who warns, as the message says it."""

    name: str
    reply_to: str
    contact_line: str
    message_id_domain: str
    zone: tzinfo
    """In which times are told to who has no zone of its own."""
    store_days: int
    """How many days what was seen is kept."""
    legal_ground: LegalGround
    """Why we may use the address of who did not sign up."""
    published_number: str = ""
    """The number that a callee finds on our website, to check a call."""
    public_url: str = ""
    """Where the public pages stand; empty: no message leads there."""
    answer_key: bytes = field(default=b"", repr=False)
    """What signs the links for answers."""
    sources: Mapping[str, Source] = field(default_factory=dict)
    """By feed: what it is called, and what it lets us say. One that is unknown is not named."""


@dataclass(frozen=True, slots=True)
class ToldSystem:
    """One case in a notification, as it stood when the notification was planned."""

    finding_kind: str
    rsit_type: str
    system: str
    severity: Severity
    reason: str
    first_seen_at: datetime
    last_seen_at: datetime
    sightings: int
    host_name: str
    url: str
    product: str
    cves: tuple[str, ...]
    asset: str
    evidence: Mapping[str, str]
    feed: str = ""
    rule: str = ""
    """How it was matched."""
    affected_role: str = ""
    address: str = ""
    port: int | None = None
    transport: str = ""
    told_before_at: datetime | None = None
    details: tuple[Detail, ...] = ()
    details_more: int = 0
    """How many values at least there were besides `details`."""
    holder: str = ""
    """Whose it is, where that is another organisation than the one that is written to."""

    @property
    def is_in_logs(self) -> bool:
        """Whether it is found in a log, by second and source port, and not by a look at it."""
        return self.affected_role in _IN_LOGS

    @property
    def is_source(self) -> bool:
        """Whether its port is one that it sent from."""
        return self.affected_role == AffectedRole.SOURCE.value

    @property
    def is_site(self) -> bool:
        """Whether it serves what should not be there: its address is not one to click on."""
        return self.affected_role == AffectedRole.SITE.value

    @property
    def is_network(self) -> bool:
        """Whether it is a network; its address is then only the first one in it."""
        address, _, length = self.system.partition("/")
        return address == self.address and length.isdecimal()

    @property
    def place(self) -> tuple[int, int, int, int, str]:
        """Sorts systems as addresses are sorted; those without one come last, by name."""
        try:
            address = ipaddress.ip_address(self.address)
        except ValueError:
            return (1, 0, 0, 0, self.system)
        return (0, address.version, int(address), self.port or 0, self.system)


@dataclass(frozen=True, slots=True)
class SystemOfOperator:
    """One system in a request, as it stood when the request was planned."""

    seen: ToldSystem
    code: str
    """What the operator hands down with it."""


@dataclass(frozen=True, slots=True)
class PassOnFacts:
    """Everything that a request to an operator says."""

    reference: str
    """The notification's id; it stands in the Message-ID."""
    code: str
    organisation: str
    recipient_address: str
    recipient_name: str
    language: str
    tlp: Tlp
    planned_at: datetime
    address_source: str
    """What told us the recipient's address."""
    threat_title: str
    occasion_advice: str
    """What the threat says to whoever uses the systems; may be empty."""
    systems: Sequence[SystemOfOperator]
    """At least one."""
    zone: tzinfo | None = None
    """In which the recipient reads times; None: in the sender's."""


@dataclass(frozen=True, slots=True)
class WarningFacts:
    """Everything that a message says."""

    reference: str
    """The notification's id; it stands in the Message-ID."""
    code: str
    """What the recipient mentions to have the message checked."""
    organisation: str
    recipient_address: str
    recipient_name: str
    language: str
    tlp: Tlp
    planned_at: datetime
    is_registered: bool
    """Whether the organisation signed up."""
    address_source: str
    """What told us the recipient's address."""
    threat_title: str
    """What the threat is called; empty when a daily feed is the occasion."""
    occasion_advice: str
    """What the occasion says besides the advice of the finding kinds; may be empty."""
    systems: Sequence[ToldSystem]
    """Most urgent first; at least one."""
    in_reply_to: str = ""
    """The Message-ID of the message that told it before; empty when none did."""
    zone: tzinfo | None = None
    """In which the recipient reads times; None: in the sender's."""
