"""Observations × assets → matches, in columns.

A matcher is made for one state of the constituency and then answers for batch after batch. Every
matcher gives the same rows; the contract suite compares each with a slow, obvious one.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from enum import StrEnum
from typing import Final, Protocol, TypeVar

import pyarrow as pa

from baken.core.errors import StoredFileDamagedError

ASSET_SCHEMA: Final = pa.schema(
    [
        pa.field("asset_id", pa.int64(), nullable=False),
        pa.field("organisation_id", pa.int64(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),  # core.asset.AssetKind
        pa.field("network", pa.string()),  # "192.0.2.0/24"
        pa.field("asn", pa.uint32()),
        pa.field("domain", pa.string()),
        pa.field("valid_from", pa.timestamp("us", tz="UTC")),
        pa.field("valid_until", pa.timestamp("us", tz="UTC")),  # up to, not including
    ]
)
"""What a matcher is made from: one row an asset."""

# One of a few words, told a million times.
_WORD: Final = pa.dictionary(pa.int8(), pa.string())

MATCH_SCHEMA: Final = pa.schema(
    [
        pa.field("row", pa.uint32(), nullable=False),  # position in the batch, from 0
        pa.field("organisation_id", pa.int64(), nullable=False),
        pa.field("asset_id", pa.int64(), nullable=False),
        pa.field("relation", _WORD, nullable=False),  # "owner" or "operator"
        pa.field("rule", _WORD, nullable=False),  # MatchRule
        pa.field("is_shared", pa.bool_(), nullable=False),
    ]
)
"""What a matcher gives: at most one row an observation and organisation, the strongest, sorted
by row and organisation. `is_shared` says that another organisation holds the same narrowest asset.
"""


MATCHED_COLUMNS: Final = (
    "observed_at", "finding_kind", "ipv4", "ipv6_high", "ipv6_low", "network_bits", "host_name",
    "email_domain", "asn",
)  # fmt: skip
"""The columns of an observation that a matcher looks at; it needs no others."""


HINT_SCHEMA: Final = pa.schema(
    [
        pa.field("row", pa.uint32(), nullable=False),
        pa.field("organisation_id", pa.int64(), nullable=False),
        pa.field("asset_id", pa.int64(), nullable=False),
    ]
)
"""Who would be the owner if a hinted name counted, and is not: the row, and whose domain it is."""


class MatchRule(StrEnum):
    """Why an asset and an observation belong together; the strongest first."""

    LONGEST_PREFIX = "longest-prefix"
    DOMAIN = "domain"
    EMAIL_DOMAIN = "email-domain"
    PART_OF_NETWORK = "part-of-network"
    """The asset lies inside the network that the row names."""
    AS_NUMBER = "as-number"
    SITE_ON_ADDRESS = "site-on-address"
    """A site without an asked-for name is at an address of the holder, perhaps somebody else's."""
    DISCOVERED = "discovered"
    """Nobody registered holds it; lookups found whose it is. No matcher gives this one."""
    COVERING_PREFIX = "covering-prefix"
    HOST_OF_NAME = "host-of-name"
    AS_NUMBER_ABOVE = "as-number-above"
    REGISTERED_SINCE = "registered-since"
    """Discovered, until somebody registered the system. No matcher gives this one."""

    @property
    def is_owner(self) -> bool:
        """Whether the rule makes the holder the owner of the system, not just its operator."""
        return self in _OWNER_RULES


_OWNER_RULES: Final = frozenset(
    {
        MatchRule.LONGEST_PREFIX,
        MatchRule.DOMAIN,
        MatchRule.EMAIL_DOMAIN,
        MatchRule.PART_OF_NETWORK,
        MatchRule.AS_NUMBER,
        MatchRule.SITE_ON_ADDRESS,
        MatchRule.DISCOVERED,
    }
)


RULES: Final = tuple(MatchRule)
"""The rules, the strongest first."""


class Matcher(Protocol):
    """Finds the holders of observed systems."""

    def match(self, observations: pa.RecordBatch) -> pa.Table:
        """The matches of `observations` (OBSERVATION_SCHEMA) as MATCH_SCHEMA."""
        ...


class ReportMatcher(Matcher, Protocol):
    """A matcher for what comes in: it also tells what a name that nobody asked for left out."""

    def hinted(self, observations: pa.RecordBatch, matches: pa.Table) -> pa.Table:
        """Who holds a hinted name of `observations` and is no owner by `matches`; HINT_SCHEMA."""
        ...


Source = TypeVar("Source", contravariant=True)


class Work(Protocol[Source]):
    """What is done with observations that are read piece by piece, from one source after another.

    An engine may pickle it and do it elsewhere; it must not need a database.
    """

    @property
    def schema(self) -> pa.Schema:
        """What `on_match` and `on_damage` give."""
        ...

    def read(self, source: Source) -> Iterator[pa.RecordBatch]:
        """The observations of `source`: some rows, and of their columns MATCHED_COLUMNS at least.

        Raises `StoredFileDamagedError`; whatever else it raises ends all of the work.
        """
        ...

    def on_match(self, source: Source, observations: pa.RecordBatch, matches: pa.Table) -> pa.Table:
        """What is kept of a piece of `source`, given its matches."""
        ...

    def on_damage(self, source: Source, error: StoredFileDamagedError) -> pa.Table:
        """What is kept of a source when the rest of it cannot be read."""
        ...


class Engine(Protocol):
    """Does such work on one machine or on many; the answers are the same."""

    def run(self, sources: Sequence[Source], work: Work[Source]) -> Generator[pa.Table, None, None]:
        """What `work` keeps, source by source in their order, and piece by piece."""
        ...
