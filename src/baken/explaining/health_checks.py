"""The health checks of an installation, each as a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from baken.core.waiting_by_hand import WaitingByHand


@dataclass(frozen=True, slots=True)
class SettingsCheck:
    """The settings that are in force."""

    home: str
    changed: Sequence[str]
    """Those that are not at their default, as NAME=VALUE, and no secret."""


@dataclass(frozen=True, slots=True)
class DatabaseCheck:
    """The database that answers."""

    version: int
    """The major version of PostgreSQL."""
    is_embedded: bool


@dataclass(frozen=True, slots=True)
class StoreCheck:
    """The store compared with what the database lists."""

    url: str
    listed: int
    missing: Sequence[str]
    odd: Sequence[str]
    """There, but of another length than listed."""
    unlisted: int
    expired: int


@dataclass(frozen=True, slots=True)
class SenderCheck:
    """Who warns, as every message says it."""

    name: str
    reply_to: str
    contact_line: str
    """Where a recipient checks a message; empty when the settings do not say."""


@dataclass(frozen=True, slots=True)
class ChannelCheck:
    """A way out; what the channel says of itself is in its own words."""

    subject: str
    place: str
    answer: str = ""
    """What it said when it was tried; empty when it takes nothing."""
    fault: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class SendingCheck:
    """The outbox, and the switch that stops all sending."""

    planned: int
    accepted: int
    refused: int
    halted_at: datetime | None = None
    halt_reason: str = ""


@dataclass(frozen=True, slots=True)
class OwnFaultCheck:
    """What a channel did not take by a fault of ours, until it takes something again."""

    channel: str
    failures: int
    since: datetime
    reply: str
    """The last one."""


@dataclass(frozen=True, slots=True)
class BrakeCheck:
    """The brake that is on: far more than usual waits for a person."""

    put_on_at: datetime
    would_tell: int
    usual: int
    held: int
    organisations: int


@dataclass(frozen=True, slots=True)
class ConstituencyCheck:
    """The organisations, and which of them no channel reaches."""

    organisations: int
    unreachable: int
    names: Sequence[str]
    """The first of those that no channel reaches."""
    address_nouns: Sequence[str]
    """What each channel calls one of its addresses."""


@dataclass(frozen=True, slots=True)
class UnwantedCheck:
    """The organisations that have addresses, of which none may be used now."""

    organisations: int
    names: Sequence[str]
    """The first of them."""


@dataclass(frozen=True, slots=True)
class RegistrantRequestsCheck:
    """The requests for who registered a domain of which the answer is overdue."""

    overdue: int
    waiting: int
    """Those that are open, overdue or not."""
    names: Sequence[str]
    """Of the first overdue ones: who was asked about what."""


@dataclass(frozen=True, slots=True)
class HintsCheck:
    """The participants with domains only, which fall silent when only hints name them."""

    organisations: int
    days: int
    """How far back the rest looks."""
    rows: int
    """How many rows named one of them only by a hint."""
    names: Sequence[str]
    """The first of those that such rows named, the most often named first."""


@dataclass(frozen=True, slots=True)
class RangesCheck:
    """Whether assets may lie in the ranges for documentation."""

    are_allowed: bool


@dataclass(frozen=True, slots=True)
class DeliveriesCheck:
    """When a feed last delivered."""

    feed: str
    last_at: datetime | None
    expected_every: timedelta | None
    is_late: bool
    is_any_in_use: bool
    """Whether any feed ever delivered: one that never did is then not in use."""


@dataclass(frozen=True, slots=True)
class QuotedCheck:
    """What a feed or an error says itself, in its own words."""

    subject: str
    is_well: bool
    text: str
    remedy: str = ""


Check: TypeAlias = (
    SettingsCheck
    | DatabaseCheck
    | StoreCheck
    | SenderCheck
    | ChannelCheck
    | SendingCheck
    | OwnFaultCheck
    | BrakeCheck
    | ConstituencyCheck
    | UnwantedCheck
    | HintsCheck
    | RegistrantRequestsCheck
    | RangesCheck
    | DeliveriesCheck
    | WaitingByHand
    | QuotedCheck
)
