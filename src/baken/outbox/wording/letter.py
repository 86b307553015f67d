"""The whole message in blocks: the first screen, a chapter a finding, and the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from baken.advice import COMMAND_INDENT, Frame, route_source
from baken.channels.blocks import (
    Block,
    Command,
    Entries,
    Heading,
    Link,
    Paragraph,
    SignOff,
    Steps,
)
from baken.core.answer_link import write_answer_link
from baken.core.text import one_line
from baken.outbox.wording.chapters import Chapter
from baken.outbox.wording.facts import Sender, ToldSystem, WarningFacts
from baken.outbox.wording.first_screen import first_screen, named_systems, note_on_site
from baken.outbox.wording.systems import system_entry

MOST_IN_FULL: Final = 3
"""With more chapters than these, only the first is told in full where the others fit elsewhere."""


@dataclass(frozen=True, slots=True)
class Length:
    """How much a message tells."""

    systems: int
    """Of each chapter."""
    is_abbreviated: bool
    """Whether only the first chapter has its whole advice."""
    file_name: str
    """The attachment, where all of it stands; empty without one."""


def letter(
    warning: WarningFacts,
    chapters: Sequence[Chapter],
    words: Frame,
    sender: Sender,
    *,
    length: Length,
) -> Iterator[Block]:
    """The blocks of the message, in order."""
    yield from first_screen(warning, chapters, words, sender)
    for number, chapter in enumerate(chapters, start=1):
        title = (
            f"{number}. {chapter.advice.subject}" if len(chapters) > 1 else chapter.advice.subject
        )
        yield Heading(title, level=1)
        if number > 1:
            note = note_on_site(chapter.systems, words, warning.tlp)
            yield Paragraph(" ".join(filter(None, (chapter.advice.seen, note))))
        if number > 1 and length.is_abbreviated:
            yield from _in_brief(chapter, words)
        else:
            yield from _in_full(chapter, words, sender, length=length, is_first=number == 1)
    yield from _end(warning, words, sender, length=length)


def _in_brief(chapter: Chapter, words: Frame) -> Iterator[Block]:
    """One line each: what was seen, where, and what to do first."""
    where = named_systems(chapter, words, most=1)
    title = words.fact_system if len(where) == 1 else words.fact_systems
    yield Paragraph(f"{title}: {' '.join(where)}")
    yield Paragraph(f"{words.deadline(chapter.severity.key)}: {chapter.advice.now[0]}")


def _in_full(
    chapter: Chapter, words: Frame, sender: Sender, *, length: Length, is_first: bool
) -> Iterator[Block]:
    advice = chapter.advice
    yield Heading(words.heading_systems, level=2)
    yield from _systems(chapter.systems, words, sender, length=length)
    yield Heading(words.heading_matters, level=2)
    yield Paragraph(advice.matters)
    yield Heading(words.heading_now, level=2)
    if not is_first:  # the first one's stands at the top
        yield Paragraph(f"{words.deadline(chapter.severity.key)}.")
    yield Steps(advice.now)
    if advice.later:
        yield Heading(words.heading_later, level=2)
        yield Steps(advice.later)
    yield Heading(words.heading_check, level=2)
    for line in advice.check.splitlines():
        is_command = line.startswith(COMMAND_INDENT)
        yield Command(line.strip()) if is_command else Paragraph(line)


def _systems(
    systems: Sequence[ToldSystem], words: Frame, sender: Sender, *, length: Length
) -> Iterator[Block]:
    is_mixed = len({one.reason for one in systems}) > 1
    shown = systems[: length.systems]
    yield Entries([system_entry(one, words, sender, is_mixed=is_mixed) for one in shown])
    rest = len(systems) - len(shown)
    if rest:
        one, several = (
            (words.more_singular, words.more_plural)
            if length.file_name
            else (words.others_singular, words.others_plural)
        )
        yield Paragraph((one if rest == 1 else several).format(count=rest))


def _end(warning: WarningFacts, words: Frame, sender: Sender, *, length: Length) -> Iterator[Block]:
    if length.file_name:
        template = words.attachment_advice if length.is_abbreviated else words.attachment
        yield Paragraph(template.format(file_name=length.file_name))
    yield from _answering(warning, words, sender)
    yield SignOff(words.sign_off.format(sender_name=sender.name).splitlines())
    if not warning.is_registered:
        yield from privacy(warning.address_source, words, sender)


def _answering(warning: WarningFacts, words: Frame, sender: Sender) -> Iterator[Block]:
    """Where to check the message and to answer it, when there are public pages."""
    if not sender.public_url:
        return
    yield Heading(words.heading_answer, level=2)
    yield Paragraph(words.answer_page)
    yield Link(answer_url(warning.reference, warning.planned_at, sender), is_secret=True)
    yield Paragraph(words.check_page.format(code=warning.code))
    yield Link(f"{sender.public_url}/check/")


def answer_url(reference: str, planned_at: datetime, sender: Sender) -> str:
    """The link by which the recipient of the notification `reference` answers it."""
    secret = write_answer_link(UUID(reference), planned_at=planned_at, key=sender.answer_key)
    return f"{sender.public_url}/answer/{secret}/"


def privacy(address_source: str, words: Frame, sender: Sender) -> Iterator[Block]:
    """What the GDPR, article 14, tells who did not give us the address, but this source."""
    source = one_line(address_source)
    yield Heading(words.heading_privacy, level=2)
    for line in (
        words.privacy_source.format(source=route_source(source, language=words.language))
        if source
        else "",
        words.privacy_ground(sender.legal_ground),
        words.privacy_kept.format(days=sender.store_days),
        words.privacy_object,
    ):
        if line:
            yield Paragraph(line, is_small=True)
