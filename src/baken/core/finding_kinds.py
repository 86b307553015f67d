"""What is true of each finding kind, whatever feed brings it; read from ``finding_kinds.toml``.

The file is part of this package, like code: it is read once, and nothing else on disk is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from baken.core.detail import NEWS_NAMES


class Layer(StrEnum):
    """What has to change to solve a finding. It decides who can act."""

    APPLICATION = "application"
    """A site or web application: its maker or owner can act, a hoster only passes on."""
    SERVICE = "service"
    """A network service on a system: whoever administers the system."""
    DEVICE = "device"
    """A machine or appliance as a whole: whoever holds it."""
    NETWORK = "network"
    """Routing, filtering, what passes through: the network's operator."""
    ACCOUNT = "account"
    """Somebody's account: its owner, and whoever runs the account's domain."""
    ORGANISATION = "organisation"
    """The organisation as such."""


@dataclass(frozen=True, slots=True)
class FindingKind:
    """What is true of one finding kind."""

    key: str
    layer: Layer
    is_name_only: bool = False
    """Whether it is about one site of possibly many on an address (shared hosting, CDN).

    Only the holder of the name is its owner; the holder of the address is at most the operator.
    """
    is_mail: bool = False
    """Whether it is about what carries an organisation's mail: whoever breaks in reads that."""
    protocol: str = ""
    """The usual name of the service's protocol ("RDP"); empty when it is not about one service."""
    transports: tuple[str, ...] = ()
    """What the service is seen over: "tcp", "udp" or both; empty without a protocol."""
    news: tuple[str, ...] = ()
    """Details (`baken.core.detail.NEWS_NAMES`) whose new values count as news for a case already
    told."""


@cache
def finding_kinds() -> Mapping[str, FindingKind]:
    """Every finding kind that a known report brings or that has words of its own, by its key.

    A threat or a new report type may bring others; nothing is known of those.
    """
    source = files("baken.core").joinpath("finding_kinds.toml")
    return parse_finding_kinds(source.read_text(encoding="utf-8"))


def parse_finding_kinds(text: str) -> Mapping[str, FindingKind]:
    """The kinds written in `text`; raises ``ValueError`` that names the kind at fault."""
    raw = tomllib.loads(text)
    return MappingProxyType({key: _finding_kind(key, facts) for key, facts in raw.items()})


_KEY: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FACTS: Final = frozenset({"layer", "is_name_only", "is_mail", "protocol", "transports", "news"})
_TRANSPORTS: Final = ("tcp", "udp")


def _finding_kind(key: str, facts: Any) -> FindingKind:
    if not _KEY.fullmatch(key):
        raise _wrong(key, "is not in kebab case")
    if not isinstance(facts, dict):
        raise _wrong(key, "is no table")
    if unknown := sorted(facts.keys() - _FACTS):
        raise _wrong(key, f"has unknown keys: {', '.join(unknown)}")
    if facts.get("layer") not in list(Layer):
        raise _wrong(key, f"needs a layer, one of {', '.join(Layer)}")
    kind = FindingKind(
        key=key,
        layer=Layer(facts["layer"]),
        is_name_only=facts.get("is_name_only", False),
        is_mail=facts.get("is_mail", False),
        protocol=facts.get("protocol", ""),
        transports=_several(key, facts, "transports", allowed=_TRANSPORTS),
        news=_several(key, facts, "news", allowed=NEWS_NAMES),
    )
    if not isinstance(kind.is_name_only, bool):
        raise _wrong(key, "has an is_name_only that is neither true nor false")
    if not isinstance(kind.is_mail, bool):
        raise _wrong(key, "has an is_mail that is neither true nor false")
    if not isinstance(kind.protocol, str):
        raise _wrong(key, "has a protocol that is no text")
    if bool(kind.protocol) != bool(kind.transports):
        raise _wrong(key, "needs both protocol and transports, or neither")
    return kind


def _several(
    key: str, facts: Mapping[str, Any], name: str, *, allowed: Sequence[str]
) -> tuple[str, ...]:
    values = facts.get(name, [])
    if not isinstance(values, list):
        raise _wrong(key, f"has {name} that are no list")
    if strange := [str(value) for value in values if value not in allowed]:
        raise _wrong(key, f"has unknown {name}: {', '.join(strange)}")
    return tuple(values)


def _wrong(key: str, what: str) -> ValueError:
    return ValueError(f"finding_kinds.toml, {key}: it {what}")


NAME_ONLY_KINDS: Final[frozenset[str]] = frozenset(
    kind.key for kind in finding_kinds().values() if kind.is_name_only
)
"""Finding kinds about one site of possibly many on an address; see `FindingKind.is_name_only`."""
