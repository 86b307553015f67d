"""What the policy looks at and what it gives: the facts of a case and an occasion, the settings of
the rules, the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from baken.core.answers import Answer, Hold
from baken.core.classification import AddressRole, Severity, Tlp
from baken.core.routes import Carries, Route
from baken.core.rules import Rule
from baken.core.sharing import SharingTerms

ANYTHING_GOES: Final = SharingTerms()
"""What a feed allows that says nothing."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When what is not urgent goes out: with an urgent message, or in the next round."""

    next_round_at: datetime
    urgent_from: Severity = Severity.HIGH
    """What is this severe never waits."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of the rules."""

    minimum_severity: Severity = Severity.LOW
    reminder_after: Mapping[Severity, timedelta] = field(
        default_factory=lambda: {severity: timedelta(days=30) for severity in Severity}
    )
    """How long a finding that persists waits, by its severity; counted in days of `zone`."""
    zone: tzinfo = UTC
    """The zone in which the service counts days."""
    rhythm: Rhythm | None = None
    """None: a round is held now, and nothing waits for one."""
    own_rhythms: Mapping[str, Rhythm | None] = field(default_factory=dict)
    """The same for organisations with a rhythm of their own, by its name (core.rhythm)."""
    oldest_told: timedelta = timedelta(days=30)
    """A case that was last seen longer ago is not told."""
    channels: Mapping[str, Carries] | None = None
    """The channels that can be used, by key, and what each can carry. None: any, in plain text."""
    by_hand_from: Severity = Severity.HIGH
    """From which severity a person phones or sends a letter; a grave threat is worth it always."""
    first_when_grave: frozenset[str] = frozenset({"phone"})
    """The channels that come first for who did not sign up, under a grave threat."""
    full: frozenset[str] = frozenset()
    """The channels that can take no more now: their routes come last."""
    feed_label: Tlp | None = None
    """The label of every standing occasion. None: the one it bears."""
    amber_reaches_unregistered: bool = False
    """Whether organisations that did not sign up count as our constituents, whom AMBER may reach
    without asking its source."""
    terms_of_feeds: Mapping[str, SharingTerms] = field(default_factory=dict)
    """What each feed lets us do now, by its key; a row may be stricter. A feed that is not here
    allows everything."""

    def label_of(self, occasion: OccasionFacts) -> Tlp:
        """The label of what is told under `occasion`, before those of its cases."""
        if occasion.is_threat or self.feed_label is None:
            return occasion.label
        return self.feed_label

    def has_channel_for(self, label: Tlp) -> bool:
        """Whether any channel may carry what bears `label`; TLP:RED goes out encrypted only."""
        if label is not Tlp.RED:
            return True
        return any(carries.encryption for carries in (self.channels or {}).values())


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the rules look at; times are aware. A field left at its default changes nothing."""

    severity: Severity
    is_owner: bool
    is_held: bool
    """The asset it was matched by was still the organisation's when it was last seen."""
    is_gone: bool
    is_registered: bool
    last_seen_at: datetime
    reopened_at: datetime | None
    told_at: datetime | None
    told_severity: Severity | None
    has_news: bool = False
    """It showed something that counts as news for its kind and that was not told yet."""
    is_current: bool = True
    """It was seen on the newest day of which its report type came, or in the three days before."""
    is_looked_at: bool = True
    """False when its feed fell silent: whether the system is there still, nobody knows."""
    is_told_here: bool = True
    """False when the case was not told yet under this threat. That it was told under a daily feed
    does not silence the threat."""
    terms: SharingTerms = ANYTHING_GOES
    """What came with its rows, besides the terms of their feed."""
    feed: str = ""
    rhythm: str = ""
    """The rhythm of its organisation, where that has one of its own."""
    role: AddressRole = AddressRole.VULNERABLE
    answer: Answer | None = None
    hold: Hold | None = None
    handed_over_to: str = ""
    """Another CSIRT that warns instead of us; empty when none does."""


@dataclass(frozen=True, slots=True)
class OccasionFacts:
    """The occasion under which a case is decided about."""

    is_threat: bool = False
    """A threat tells whatever the severity: two people released it for what it selects."""
    is_unasked_allowed: bool = False
    """Whether it may warn organisations that did not sign up: a released, grave threat."""
    label: Tlp = Tlp.CLEAR


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is decided about one case under one occasion."""

    rule: Rule
    label: Tlp = Tlp.CLEAR
    """The strictest of the occasion's label and the case's: what a message about it bears."""
    route: Route | None = None
    """By which route the organisation is told; None when it is not."""
    not_before: datetime | None = None
    """Until when it waits, where waiting is all that is needed."""
    terms: SharingTerms = ANYTHING_GOES
    """What the source lets a message about it say and do, besides the label."""
    waits_with: Rule | None = None
    """Of a verdict that waits for a round: the rule by which it is told then, by `route`."""

    @property
    def message(self) -> tuple[int, Tlp, bool, bool]:
        """What sets the message that tells it apart: its route, its label, its other terms."""
        route = 0 if self.route is None else self.route.id
        return (route, self.label, self.terms.may_name_source, self.terms.may_show_supplier)

    def if_due(self, *, is_due: bool) -> Verdict:
        """This verdict, or, where it only waits for a round and `is_due`, that it is told now."""
        if self.waits_with is None or not is_due:
            return self
        return replace(self, rule=self.waits_with, not_before=None, waits_with=None)
