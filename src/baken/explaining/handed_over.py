"""What other CSIRTs warn about instead of us, in words and as fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from baken.core.sharing import Source
from baken.core.text import one_line
from baken.discovery.selectors import CsirtShare, HandedOverSystem
from baken.explaining.words import Words

_LONGEST_SYSTEM: Final = 120
_LONGEST_CELL: Final = 2000

HANDED_OVER_COLUMNS: Final = (
    "csirt", "csirt_contact", "tlp", "finding_kind", "system", "country", "address", "network_bits",
    "port", "transport", "host_name", "hinted_name", "url_host", "email_domain", "asn", "product",
    "cves", "severity", "first_seen_at", "last_seen_at", "sightings", "source",
)  # fmt: skip
"""What stands of one system in a list for another CSIRT, in this order."""


def handed_over_rows(
    shares: Sequence[CsirtShare], *, sources: Mapping[str, Source]
) -> Iterator[dict[str, Any]]:
    """Each system that may be shared; its source is named where that permits it."""
    for share in shares:
        contact = " ".join(route.address for route in share.routes)
        for one in share.systems:
            yield _row(one, csirt=share.csirt, contact=contact, sources=sources)


def _row(
    one: HandedOverSystem, *, csirt: str, contact: str, sources: Mapping[str, Source]
) -> dict[str, Any]:
    system = one.system
    source = sources.get(system.feed)
    own = {
        "csirt": csirt,
        "csirt_contact": contact,
        "tlp": one.label.value,
        "country": one.country,
        "product": one_line(system.product, limit=_LONGEST_CELL),
        "severity": system.severity.key,
        "first_seen_at": system.first_seen_at.isoformat(),
        "last_seen_at": system.last_seen_at.isoformat(),
        "source": source.name if source and source.terms.may_name_source else "",
    }
    return {
        name: own[name] if name in own else getattr(system, name) for name in HANDED_OVER_COLUMNS
    }


def handed_over_figures(shares: Sequence[CsirtShare]) -> list[dict[str, Any]]:
    """Each CSIRT with its contacts, and how much it warns about."""
    return [
        {
            "csirt": share.csirt,
            "contacts": [
                {"channel": route.channel.value, "address": route.address} for route in share.routes
            ],
            "systems": len(share.systems),
            "systems_withheld": share.withheld,
        }
        for share in shares
    ]


def handed_over_lines(
    shares: Sequence[CsirtShare], *, key: str, newest: int, words: Words
) -> Iterator[str]:
    """Each CSIRT with how it is reached and its `newest` systems, in lines for a person."""
    if not shares:
        yield words.say("handed_over.none", key=key)
        return
    for share in shares:
        yield from _share_lines(share, newest=newest, words=words)
    yield words.say("handed_over.nothing_sent")


def _share_lines(share: CsirtShare, *, newest: int, words: Words) -> Iterator[str]:
    counted = words.counted("system", len(share.systems))
    yield words.say("handed_over.csirt", csirt=share.csirt, systems=counted)
    for route in share.routes:
        yield "    " + words.say(f"ladder.channels.{route.channel}", address=route.address)
    if not share.routes:
        yield "    " + words.say("ladder.csirt_without_contact")
    if share.withheld:
        counted = words.counted("system", share.withheld)
        yield "    " + words.say("handed_over.withheld", systems=counted)
    for one in share.systems[:newest]:
        yield words.say(
            "handed_over.system",
            system=one_line(one.system.system, limit=_LONGEST_SYSTEM),
            kind=one.system.finding_kind,
            label=one.label.value,
            at=one.system.last_seen_at,
        )
    if len(share.systems) > newest:
        yield words.say("unknown.more", count=len(share.systems) - newest)
