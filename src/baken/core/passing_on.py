"""Whether a network's operator is asked to pass a warning on, and what it must know for that.

A system whose owner nobody knows: its operator can find who uses it, by address, source port and
second. It gets no case; the same rules decide, and a few of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from baken.core import policy as rules
from baken.core.classification import AddressRole, Severity, Tlp
from baken.core.observation import AffectedRole
from baken.core.routes import Form, Route
from baken.core.rules import Rule
from baken.core.sharing import SharingTerms
from baken.core.verdict import CaseFacts, OccasionFacts, Policy, Verdict

MOST_MOMENTS: Final = 10
"""How many moments of one system are kept: each may be somebody else behind one address."""


@dataclass(frozen=True, slots=True, order=True)
class SentFrom:
    """When a system was seen to send, and from which port: behind address translation (NAT)
    nothing else tells who it was."""

    at: datetime
    port: int


@dataclass(frozen=True, slots=True)
class SystemToPassOn:
    """What was seen of one system whose operator is asked to pass it on."""

    finding_kind: str
    system: str
    """As a case would name it."""
    address: str
    """As `ipaddress` writes it; empty where only a name is known."""
    host_name: str
    port: int | None
    transport: str
    affected_role: AffectedRole
    address_role: AddressRole
    severity: Severity
    """The gravest of all sightings."""
    tlp: Tlp
    """The strictest label of all sightings."""
    feed: str
    """That of the newest sighting, as is what follows."""
    report_type: str
    rsit_type: str
    product: str
    family: str
    """What calls the malware; empty when nothing does."""
    cves: tuple[str, ...]
    """Of all sightings, sorted."""
    first_seen_at: datetime
    last_seen_at: datetime
    sightings: int
    sent_from: tuple[SentFrom, ...] = ()
    """The last `MOST_MOMENTS`, in order, where it was seen to send."""


@dataclass(frozen=True, slots=True)
class ToldOperator:
    """What the operator was told of a system before."""

    told_at: datetime
    severity: Severity
    passed_on_at: datetime | None = None
    """When it said that whoever uses the system has it."""
    is_refused: bool = False
    """Whether it said that the system is not in its network."""

    @property
    def counts_from(self) -> datetime:
        """From when on whoever has it is given time."""
        return max(filter(None, (self.told_at, self.passed_on_at)))


def decide_pass_on(
    system: SystemToPassOn,
    *,
    told: ToldOperator | None,
    under: OccasionFacts,
    routes: Sequence[Route],
    policy: Policy,
    now: datetime,
    is_current: bool = True,
) -> Verdict:
    """Whether the operator is asked to pass `system` on, by which of its `routes`, or why not.

    As for an organisation that did not sign up: only under a threat that may warn unasked, and
    TLP:AMBER by a setting or a feed's permission. Besides, a source may keep suppliers out, and
    only what can be read is sent: nobody reads three hundred systems out on the telephone.
    `is_current` is whether the newest reports still show it.
    """
    if told is not None and told.is_refused:
        return Verdict(Rule.ANSWERED)
    verdict = rules.decide(
        _facts(system, told, is_current=is_current),
        under=under,
        routes=_readable(routes, policy),
        policy=policy,
        now=now,
    )
    return _for_operator(verdict)


def decide_pass_on_again(
    system: SystemToPassOn,
    *,
    under: OccasionFacts,
    routes: Sequence[Route],
    policy: Policy,
    now: datetime,
) -> Verdict:
    """The verdict on a system that was planned, when its message is about to be handed over."""
    verdict = rules.decide_again(
        _facts(system, None, is_current=True),
        under=under,
        routes=_readable(routes, policy),
        policy=policy,
        now=now,
    )
    return _for_operator(verdict)


def _facts(system: SystemToPassOn, told: ToldOperator | None, *, is_current: bool) -> CaseFacts:
    return CaseFacts(
        severity=system.severity,
        is_owner=True,  # in place of the owner, whom only the operator knows
        is_held=True,
        is_gone=False,
        is_registered=False,
        last_seen_at=system.last_seen_at,
        reopened_at=None,
        told_at=None if told is None else told.counts_from,
        told_severity=None if told is None else told.severity,
        is_current=is_current,
        terms=SharingTerms(label=system.tlp),
        feed=system.feed,
        role=system.address_role,
    )


def _for_operator(verdict: Verdict) -> Verdict:
    if verdict.rule.tells and not verdict.terms.may_show_supplier:
        return Verdict(Rule.NOT_FOR_OPERATORS, verdict.label)
    return verdict


def _readable(routes: Iterable[Route], policy: Policy) -> list[Route]:
    """The routes by which a list can be sent and read; with no channels named, all of them."""
    if policy.channels is None:
        return list(routes)
    return [
        route
        for route in routes
        if (carries := policy.channels.get(route.channel)) is not None
        and carries.form is Form.MESSAGE
        and not carries.is_by_hand
    ]
