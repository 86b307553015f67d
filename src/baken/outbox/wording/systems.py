"""How one system is written: where it is, when it was seen, and what is known of it."""

from __future__ import annotations

from typing import Final

from baken.advice import Frame
from baken.channels.blocks import Entry
from baken.core.rules import Rule
from baken.core.text import one_line
from baken.outbox.wording.details import shown_details, shown_moments
from baken.outbox.wording.facts import Sender, ToldSystem
from baken.outbox.wording.moments import moment
from baken.outbox.wording.quoting import defanged, named

_DETAILS_SHOWN: Final = 4
_SAID_OF_ONE: Final = frozenset(
    {Rule.WORSE.value, Rule.BACK.value, Rule.NEWS.value, Rule.REMINDER.value}
)


def system_name(system: ToldSystem, words: Frame) -> str:
    """Where it is: "192.0.2.1, poort 3389 (TCP)". A port it sent from is no part."""
    if not system.address or system.system != _as_service(system):
        name = one_line(system.system)
        return defanged(name) if system.is_site else name
    if not system.transport:
        return words.system_port.format(system=system.address, port=system.port)
    return words.system_port_protocol.format(
        system=system.address, port=system.port, protocol=one_line(system.transport).upper()
    )


def system_entry(system: ToldSystem, words: Frame, sender: Sender, *, is_mixed: bool) -> Entry:
    """What the mail tells of `system`; why it is told now, when that differs (`is_mixed`)."""
    lines = [seen_when(system, words, sender)]
    if system.holder:
        lines.append(words.holder.format(organisation=named(system.holder)))
    if system.address and system.address not in system.system:  # it goes by its name
        lines.append(f"{words.column_address}: {_where(system, words)}")
    if moments := shown_moments(system, words, sender.zone):
        lines += moments
    elif system.is_in_logs and system.port:
        template = words.source_port if system.is_source else words.target_port
        said = template.format(port=system.port)
        protocol = one_line(system.transport).upper()
        lines.append(f"{said} ({protocol})" if protocol else said)
    if system.sightings > 1:
        lines.append(words.times_seen.format(count=system.sightings))
    if is_mixed and system.reason in _SAID_OF_ONE:
        lines.append(f"{words.column_reason}: {words.reason_word(system.reason)}")
    lines += shown_details(system, words, sender.zone, most=_DETAILS_SHOWN)
    return Entry(system_name(system, words), lines)


def _where(system: ToldSystem, words: Frame) -> str:
    """The address, with the port that a site is at."""
    if not system.is_site or not system.port:
        return system.address
    return words.system_port.format(system=system.address, port=system.port)


def seen_when(system: ToldSystem, words: Frame, sender: Sender) -> str:
    """When it was seen: once, or first and last."""
    first, last = (
        moment(at, words, sender.zone, with_seconds=system.is_in_logs)
        for at in (system.first_seen_at, system.last_seen_at)
    )
    if first == last:
        return words.seen_once.format(moment=last)
    return words.seen_several.format(first=first, last=last)


def _as_service(system: ToldSystem) -> str:
    """What a case calls a service on an address; see `ToldSystem.system`."""
    address = f"[{system.address}]" if ":" in system.address else system.address
    return f"{address}:{system.port}/{system.transport or 'tcp'}"
