"""The attachment of a request: all systems with their codes, a line for each moment, and the texts.

All cells are texts (ADR 0025); the same request gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from baken.advice import PassOnWords
from baken.outbox.wording.facts import PassOnFacts, Sender, ToldSystem
from baken.outbox.wording.moments import sortable, utc
from baken.outbox.wording.pass_on import OneKind, advice_of_occasion, moments_of
from baken.outbox.wording.spreadsheet import where
from baken.outbox.wording.workbook import workbook


def pass_on_sheet(
    request: PassOnFacts, kinds: Sequence[OneKind], words: PassOnWords, sender: Sender
) -> bytes:
    """Two sheets: the systems, and what can be sent along."""
    frame = words.frame
    return workbook(
        [
            (frame.sheet_systems, _systems(request, kinds, words, sender)),
            (words.sheet_text, _texts(request, kinds, words)),
        ]
    )


def _systems(
    request: PassOnFacts, kinds: Sequence[OneKind], words: PassOnWords, sender: Sender
) -> Iterator[Sequence[str]]:
    frame = words.frame
    yield (
        words.column_code, frame.column_address, frame.column_port, frame.column_protocol,
        frame.column_name, words.column_first_seen_utc, words.column_last_seen_utc,
        frame.column_first_seen, frame.column_last_seen, frame.column_what,
        frame.column_severity, frame.column_reason, frame.column_label,
    )  # fmt: skip
    all_of_them = [(kind, one) for kind in kinds for one in kind.systems]
    for kind, one in sorted(all_of_them, key=lambda pair: pair[1].seen.place):
        for (address, port, protocol, name), first, last in _moments(one.seen, words):
            yield (
                one.code, address, port, protocol, name, utc(first), utc(last),
                sortable(first, sender.zone), sortable(last, sender.zone), kind.advice.subject,
                frame.severity_word(one.seen.severity.key), frame.reason_word(one.seen.reason),
                str(request.tlp),
            )  # fmt: skip


def _moments(
    seen: ToldSystem, words: PassOnWords
) -> Iterator[tuple[tuple[str, str, str, str], datetime, datetime]]:
    """Where and when: one line, or one for each moment at which it was seen to send."""
    address, port, protocol, name = where(seen, words.frame)
    moments = moments_of(seen)
    for at, sent_from in moments:
        said = words.frame.source_port.format(port=sent_from)
        yield (address, said, protocol, name), at, at
    if not moments:
        yield (address, port, protocol, name), seen.first_seen_at, seen.last_seen_at


def _texts(
    request: PassOnFacts, kinds: Sequence[OneKind], words: PassOnWords
) -> Iterator[Sequence[str]]:
    yield (words.frame.column_what, words.heading_text)
    of_occasion = advice_of_occasion(request)
    for number, kind in enumerate(kinds, start=1):
        for text in (kind.advice.seen, *(of_occasion if number == 1 else ()), *kind.advice.now):
            yield (kind.advice.subject, text)
