"""The chapters of a warning: the systems that get the same advice, the most urgent first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from baken.advice import COMMAND_INDENT, Advice, Values, advice_for, filled, frame
from baken.core.classification import Severity
from baken.core.detail import CVE, FAMILIES
from baken.core.finding_kinds import finding_kinds
from baken.outbox.wording.facts import ToldSystem, WarningFacts


@dataclass(frozen=True, slots=True)
class Chapter:
    """Systems that get the same advice."""

    advice: Advice
    systems: Sequence[ToldSystem]
    """As addresses are sorted."""
    severity: Severity
    """That of the most urgent one."""


def chapters_of(warning: WarningFacts) -> list[Chapter]:
    """At least one; kinds that share their words share a chapter, so that none is told twice."""
    texts: dict[tuple[str, str], Advice] = {}
    systems: dict[tuple[str, str], list[ToldSystem]] = {}
    for one in warning.systems:
        advice = advice_for(one.finding_kind, rsit_type=one.rsit_type, language=warning.language)
        key = (advice.kind, _service(one))
        texts.setdefault(key, advice)
        systems.setdefault(key, []).append(one)
    chapters = [_chapter(texts[key], found) for key, found in systems.items()]
    return sorted(chapters, key=attrgetter("severity"), reverse=True)


def _chapter(advice: Advice, found: Sequence[ToldSystem]) -> Chapter:
    systems = sorted(found, key=attrgetter("place"))
    said = _for_each(filled(advice, _values(systems)), systems)
    return Chapter(said, systems, max(one.severity for one in systems))


def _for_each(advice: Advice, systems: Sequence[ToldSystem]) -> Advice:
    """`advice`, which asks for the other systems too where a command tests the first alone."""
    address = systems[0].address
    is_one = len({(one.address, one.port, one.transport) for one in systems}) == 1
    if is_one or not address or not _is_in_command(address, advice.check):
        return advice
    return replace(advice, check=f"{advice.check}\n{frame(advice.language).check_each}")


def _is_in_command(address: str, check: str) -> bool:
    return any(line.startswith(COMMAND_INDENT) and address in line for line in check.split("\n"))


def _service(system: ToldSystem) -> str:
    known = finding_kinds().get(system.finding_kind)
    return known.protocol if known else ""


def _values(systems: Sequence[ToldSystem]) -> Values:
    first = systems[0]
    hosts = {one.host_name for one in systems}
    return Values(
        service=_service(first),
        address="" if first.is_network else first.address,
        port=first.port,
        transport=first.transport,
        host=first.host_name if len(hosts) == 1 else "",
        is_host_harmful=first.is_site,
        ports=tuple(one.port for one in systems if one.port),
        families=tuple(value for one in systems for value in _families(one)),
        cves=tuple(value for one in systems for value in [*one.cves, *_distinct(one, CVE)]),
    )


def _families(system: ToldSystem) -> list[str]:
    """By their most precise name."""
    found = (_distinct(system, name) for name in FAMILIES)
    return next(filter(None, found), [])


def _distinct(system: ToldSystem, name: str) -> list[str]:
    values = [detail.value for detail in system.details if detail.name == name]
    if last := system.evidence.get(name):
        values.append(last)
    return values
