"""Routes: the ways to a contact, what a channel can carry, and which route is taken first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a route is for: whom it reaches, seen from the system."""

    OWNER = "owner"
    """The organisation that is responsible for the system."""
    HOST = "host"
    """Whoever runs the machine for it."""
    NETWORK = "network"
    """Whoever carries the network around it."""
    NAME = "name"
    """Whoever registered the name."""


class Form(StrEnum):
    """How what a channel carries is worded."""

    MESSAGE = "message"
    """What is read on a screen, and answered there."""
    SCRIPT = "script"
    """What one person says to another."""
    LETTER = "letter"
    """What stands on paper."""


@dataclass(frozen=True, slots=True)
class Carries:
    """What a channel can take along."""

    encryption: bool = False
    """Whether only the recipient can read it; without, TLP:RED does not go."""
    attachments: bool = True
    longest_text: int | None = None
    """In characters; None has no limit."""
    form: Form = Form.MESSAGE
    is_by_hand: bool = False
    """Whether each one takes a person's time, so that only what is grave goes by it."""
    is_slow: bool = False
    """Whether it is days under way, so that everything quicker comes first."""


@dataclass(frozen=True, slots=True)
class Route:
    """One way to a contact of an organisation, as the verdict looks at it."""

    id: int
    organisation_id: int
    channel: str
    address: str
    contact_id: int = 0
    recipient_name: str = ""
    language: str = "en"
    time_zone: str = ""
    """In which the contact reads times, by its IANA name; empty: in the service's."""
    scope: Scope = Scope.OWNER
    is_inside: bool = True
    """Whether the address is the organisation's own: what bears AMBER+STRICT goes to no other."""
    source: str = ""
    """What told us: an import, or the lookup that found it."""
    confidence: int = 100
    """From 0 to 100."""
    valid_until: datetime | None = None
    is_ended: bool = False
    is_unwanted: bool = False
    """Whether its address asked us to stop, or refused a message lately."""
    is_preferred: bool = True
    """Whether the contact wants to hear from us by this channel."""
    role_rank: int = 0
    """0 for the role that is told first."""

    def is_open(self, now: datetime) -> bool:
        """Whether it may be used at `now`, as far as its own period says."""
        return not self.is_ended and (self.valid_until is None or now < self.valid_until)

    def __str__(self) -> str:
        return self.recipient_name or self.address


def ranked(routes: Iterable[Route]) -> tuple[Route, ...]:
    """`routes` in the order in which they are tried.

    First those whose channel the contact prefers, then by role (security, technical, general,
    management), then by confidence, then who was registered first.
    """
    return tuple(sorted(routes, key=_rank))


def _rank(route: Route) -> tuple[bool, int, int, int, int]:
    return (
        not route.is_preferred,
        route.role_rank,
        -route.confidence,
        route.contact_id,
        route.id,
    )
