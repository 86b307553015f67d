"""The attachment: a spreadsheet of all systems with every detail, in which each cell is a text.

A text cell is never a formula, whatever it begins with and whatever a program takes for a separator
(ADR 0025). The same warning gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from baken.advice import Frame, detail_names
from baken.core.detail import PORT, PRODUCT, SOURCE_PORT, TARGET_PORT, URL, Detail
from baken.outbox.wording.chapters import Chapter
from baken.outbox.wording.details import details_of, is_moment
from baken.outbox.wording.facts import Sender, ToldSystem, WarningFacts
from baken.outbox.wording.moments import sortable
from baken.outbox.wording.quoting import cut
from baken.outbox.wording.workbook import LONGEST_CELL, workbook


def spreadsheet(
    warning: WarningFacts,
    chapters: Sequence[Chapter],
    words: Frame,
    sender: Sender,
    *,
    with_advice: bool,
) -> bytes:
    """Two sheets, systems and details; with advice a third that tells what to do, in full."""
    sheets = [
        (words.sheet_systems, _systems(warning, chapters, words, sender)),
        (words.sheet_details, _details(chapters, words, sender)),
    ]
    if with_advice:
        sheets.append((words.sheet_advice, _advice(chapters, words)))
    return workbook(sheets)


def _systems(
    warning: WarningFacts, chapters: Sequence[Chapter], words: Frame, sender: Sender
) -> Iterator[Sequence[str]]:
    yield (
        words.column_address, words.column_port, words.column_protocol, words.column_name,
        words.column_what, words.column_severity, words.column_reason, words.column_first_seen,
        words.column_last_seen, words.column_times_seen, words.column_url, words.column_product,
        "CVE", words.column_asset, words.column_label,
    )  # fmt: skip
    for chapter, one in _by_place(chapters):
        yield (
            *where(one, words),
            chapter.advice.subject,
            words.severity_word(one.severity.key),
            words.reason_word(one.reason),
            sortable(one.first_seen_at, sender.zone),
            sortable(one.last_seen_at, sender.zone),
            str(one.sightings),
            _cell(one.url),
            _cell(one.product),
            _cell(", ".join(one.cves)),
            _cell(one.asset),
            str(warning.tlp),
        )


def _details(chapters: Sequence[Chapter], words: Frame, sender: Sender) -> Iterator[Sequence[str]]:
    yield (
        words.column_address, words.column_port, words.column_protocol, words.column_name,
        words.column_what, words.column_detail, words.column_value, words.column_first_seen,
        words.column_last_seen, words.column_times_seen,
    )  # fmt: skip
    for chapter, one in _by_place(chapters):
        place = where(one, words)
        for detail in details_of(one):
            yield (
                *place,
                chapter.advice.subject,
                _name(detail, one, words),
                _cell(detail.value),
                sortable(detail.first_seen_at, sender.zone),
                sortable(detail.last_seen_at, sender.zone),
                str(detail.sightings),
            )
        if one.details_more:
            more = words.values_more.format(count=one.details_more)
            yield (*place, chapter.advice.subject, more, "", "", "", "")


def _name(detail: Detail, system: ToldSystem, words: Frame) -> str:
    """What a detail is called: in the reader's words, or as the feed calls it, quoted."""
    columns = {
        URL: words.column_url,
        PRODUCT: words.column_product,
        PORT: words.column_port,
        SOURCE_PORT: words.column_source_port,
    }
    if detail.name == TARGET_PORT and is_moment(detail, system):
        return words.column_port
    if name := detail_names(words.language).get(detail.name):
        return name.text
    return columns.get(detail.name) or words.quoted.format(text=cut(detail.name))


def _advice(chapters: Sequence[Chapter], words: Frame) -> Iterator[Sequence[str]]:
    yield (words.column_what, "", words.heading_now)
    for chapter in chapters:
        advice = chapter.advice
        now = f"{words.heading_now}. {words.deadline(chapter.severity.key)}."
        yield (advice.subject, words.column_what, advice.seen)
        yield ("", words.heading_matters, advice.matters)
        for title, items in (
            (now, advice.now),
            (words.heading_later, advice.later),
            (words.heading_check, advice.check.splitlines()),
        ):
            for item in items:
                yield ("", title, item.strip())


def _by_place(chapters: Sequence[Chapter]) -> list[tuple[Chapter, ToldSystem]]:
    """All systems as addresses are sorted, each with its chapter."""
    all_of_them = [(chapter, one) for chapter in chapters for one in chapter.systems]
    return sorted(all_of_them, key=lambda pair: pair[1].place)


def where(system: ToldSystem, words: Frame) -> tuple[str, str, str, str]:
    """Address, port, protocol and name. The port from which a system sent is marked as such."""
    port = str(system.port) if system.port else ""
    if port and system.is_source:
        port = words.source_port.format(port=port)
    name = system.host_name
    if not name and system.system != system.address and not port and not system.is_network:
        name = system.system
    address = system.system if system.is_network else system.address
    return address, port, _cell(system.transport.upper()), _cell(name)


def _cell(text: str) -> str:
    return cut(text, LONGEST_CELL)
