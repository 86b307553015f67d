"""What a caller says: who we are, whom to find, and only then what was seen and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from baken.advice import CallWords, Frame, route_source
from baken.channels.blocks import Block, Entries, Entry, Heading, Paragraph, Steps
from baken.core.text import one_line
from baken.outbox.wording.chapters import Chapter
from baken.outbox.wording.facts import Sender, WarningFacts
from baken.outbox.wording.first_screen import sharing, what_was_seen
from baken.outbox.wording.quoting import cut, named
from baken.outbox.wording.systems import system_entry

_IN_FULL: Final = 2
"""Nobody listens to more problems than so many; the rest goes in writing."""
_SYSTEMS_SAID: Final = 3
_LONGEST_NAME: Final = 80


def call_script(
    warning: WarningFacts, chapters: Sequence[Chapter], words: CallWords, sender: Sender
) -> Iterator[Block]:
    """The blocks of the script, in the order of the call."""
    name = cut(named(warning.recipient_name), _LONGEST_NAME)
    said = {
        "code": warning.code,
        "label": str(warning.tlp),
        "number": sender.published_number,
        "sender_name": sender.name,
        "organisation": cut(named(warning.organisation), _LONGEST_NAME),
        "name": name,
        "page": sender.public_url.removeprefix("https://"),
    }
    yield Heading(words.title.format(**said), level=1)
    to_call = words.to_call_named if name else words.to_call
    yield Paragraph(to_call.format(**said | {"number": warning.recipient_address}))
    yield Paragraph(words.how_to_read)
    yield Heading(words.heading_who, level=2)
    check_page = words.check_page if sender.public_url else ""
    for line in filter(None, (words.who, words.check, check_page, words.never)):
        yield Paragraph(line.format(**said))
    yield Heading(words.heading_find, level=2)
    find = words.find_named if name else words.find
    for line in (find, words.not_there, words.say_nothing, words.voicemail):
        yield Paragraph(line.format(**said))
    yield Heading(words.heading_seen, level=2)
    yield Paragraph(words.confirm.format(**said))
    yield from _seen(warning, chapters, words, sender)
    yield Heading(words.heading_do, level=2)
    yield from _to_do(warning, chapters, words.frame)
    yield Heading(words.heading_end, level=2)
    yield from _end(warning, words, sender)


def _seen(
    warning: WarningFacts, chapters: Sequence[Chapter], words: CallWords, sender: Sender
) -> Iterator[Block]:
    frame = words.frame
    yield Paragraph(words.say_seen)
    if warning.threat_title:
        yield Paragraph(frame.threat.format(title=one_line(warning.threat_title)))
    for chapter in chapters[:_IN_FULL]:
        yield Paragraph(what_was_seen(warning, chapter, frame, sender))
        yield Paragraph(chapter.advice.matters)
        yield _systems(chapter, frame, sender)
    more = len(chapters) - _IN_FULL
    if more > 0:
        template = words.more_kinds_singular if more == 1 else words.more_kinds_plural
        yield Paragraph(template.format(count=more))


def _systems(chapter: Chapter, frame: Frame, sender: Sender) -> Entries:
    shown = [
        system_entry(one, frame, sender, is_mixed=False) for one in chapter.systems[:_SYSTEMS_SAID]
    ]
    rest = len(chapter.systems) - len(shown)
    if rest:
        template = frame.others_singular if rest == 1 else frame.others_plural
        shown.append(Entry(template.format(count=rest), ()))
    return Entries(shown)


def _to_do(warning: WarningFacts, chapters: Sequence[Chapter], frame: Frame) -> Iterator[Block]:
    for paragraph in warning.occasion_advice.splitlines():
        if paragraph.strip():
            yield Paragraph(paragraph.strip())
    for chapter in chapters[:_IN_FULL]:
        if len(chapters) > 1:
            yield Paragraph(f"{chapter.advice.subject}:")
        yield Paragraph(f"{frame.deadline(chapter.severity.key)}:")
        yield Steps(chapter.advice.now)


def _end(warning: WarningFacts, words: CallWords, sender: Sender) -> Iterator[Block]:
    yield Paragraph(words.ask_back)
    yield Paragraph(sharing(warning, words.frame, sender))
    source = one_line(warning.address_source)
    if source and not warning.is_registered:
        said = route_source(source, language=words.frame.language)
        yield Paragraph(words.source.format(source=said))
    yield Paragraph(words.object.format(number=warning.recipient_address))
    yield Paragraph(words.record.format(code=warning.code))
