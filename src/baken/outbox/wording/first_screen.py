"""What a reader sees first: what was seen, by whom, where, by when, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from baken.advice import Frame, list_of
from baken.channels.blocks import Block, Fact, Facts, Paragraph
from baken.core.classification import Tlp
from baken.core.text import one_line
from baken.outbox.wording.chapters import Chapter
from baken.outbox.wording.facts import Sender, ToldSystem, WarningFacts
from baken.outbox.wording.moments import date, moment
from baken.outbox.wording.quoting import cut, named
from baken.outbox.wording.systems import system_name

_SYSTEMS_NAMED: Final = 3
_LONGEST_NAME: Final = 80
# Their sentence says already whether a supplier may read it.
_SAYS_IT_ALL: Final = frozenset({Tlp.CLEAR, Tlp.GREEN, Tlp.RED})
# AMBER reaches who rents from the reader too: TLP 2.0 calls them its clients.
_STAYS_WITH_THE_READER: Final = frozenset({Tlp.AMBER_STRICT, Tlp.RED})
SITE_ON_ADDRESS: Final = "site-on-address"
"""The rule by which the holder of an address is told of a site that nobody named."""


def first_screen(
    warning: WarningFacts, chapters: Sequence[Chapter], words: Frame, sender: Sender
) -> Iterator[Block]:
    """The label, the greeting, what was seen, and the facts in brief."""
    first = chapters[0]
    organisation = cut(named(warning.organisation), _LONGEST_NAME)
    yield Paragraph(
        words.top_line.format(
            label=warning.tlp, sender_name=sender.name, organisation=organisation
        ),
        is_small=True,
    )
    name = named(warning.recipient_name)
    yield Paragraph(words.salutation_named.format(name=name) if name else words.salutation)
    if not warning.is_registered:
        yield Paragraph(words.intro_unasked.format(sender_name=sender.name))
    if warning.threat_title:
        yield Paragraph(words.threat.format(title=one_line(warning.threat_title)))
    for paragraph in warning.occasion_advice.splitlines():
        if paragraph.strip():
            yield Paragraph(paragraph.strip())
    yield Paragraph(what_was_seen(warning, first, words, sender))
    yield Facts(tuple(_facts(warning, chapters, words, sender)))


def note_on_site(systems: Sequence[ToldSystem], words: Frame, tlp: Tlp) -> str:
    """That it may be a site of somebody else, and whether `tlp` lets the reader pass it on.

    Empty when the reader is who it is about.
    """
    if not any(one.rule == SITE_ON_ADDRESS for one in systems):
        return ""
    return words.site_on_address_ask if tlp in _STAYS_WITH_THE_READER else words.site_on_address


def what_was_seen(warning: WarningFacts, first: Chapter, words: Frame, sender: Sender) -> str:
    """What was seen of one chapter, by whom and when, and when we told it before."""
    sentences = [
        first.advice.seen,
        by_whom(first.systems, words, sender),
        told_before(first.systems, words, sender),
        note_on_site(first.systems, words, warning.tlp),
    ]
    return " ".join(filter(None, sentences))


def by_whom(systems: Sequence[ToldSystem], words: Frame, sender: Sender) -> str:
    """Who saw it, where that may be said, on how many systems, and when last."""
    last = max(systems, key=lambda one: one.last_seen_at)
    said = {
        "count": len({one.system for one in systems}),
        "moment": moment(last.last_seen_at, words, sender.zone, with_seconds=last.is_in_logs),
    }
    sources = {sender.sources.get(one.feed) for one in systems}
    names = sorted(one.name for one in sources if one and one.terms.may_name_source)
    if len(names) < len(sources):
        names = []  # it would seem that those which are named saw all of it
    is_named = bool(names)
    if said["count"] != 1:
        template = words.seen_by_several if is_named else words.seen_by_unnamed_several
    elif len(systems) == 1 and last.first_seen_at == last.last_seen_at:
        template = words.seen_by if is_named else words.seen_by_unnamed
    else:
        template = words.seen_by_last if is_named else words.seen_by_unnamed_last
    return template.format(source=list_of(names, words), **said)


def told_before(systems: Sequence[ToldSystem], words: Frame, sender: Sender) -> str:
    """When we wrote before; only when that is so of all, since it is said of all."""
    reasons = {one.reason for one in systems}
    told = [one.told_before_at for one in systems if one.told_before_at]
    template = words.told_before(reasons.pop()) if len(reasons) == 1 else ""
    if not template or len(told) < len(systems):
        return ""
    seen = max(one.last_seen_at for one in systems)
    return template.format(
        told=date(max(told), words, sender.zone), seen=date(seen, words, sender.zone)
    )


def _facts(
    warning: WarningFacts, chapters: Sequence[Chapter], words: Frame, sender: Sender
) -> Iterator[Fact]:
    first = chapters[0]
    where = named_systems(first, words)
    if any("[.]" in name for name in where):
        where.append(words.not_to_click)
    yield Fact(words.fact_system if len(first.systems) == 1 else words.fact_systems, where)
    yield Fact(words.deadline(first.severity.key), [first.advice.now[0]])
    if len(chapters) > 1:
        template = words.fact_more_singular if len(chapters) == 2 else words.fact_more_plural
        yield Fact(words.fact_more, [template.format(count=len(chapters) - 1, number=2)])
    yield Fact(words.fact_share, [sharing(warning, words, sender)])
    yield Fact(words.fact_genuine, genuine(warning.code, words, sender))
    answer = words.answer.format(reply_to=sender.reply_to, number=sender.published_number)
    yield Fact(words.fact_answer, [answer])


def named_systems(chapter: Chapter, words: Frame, *, most: int = _SYSTEMS_NAMED) -> list[str]:
    """The first systems by name, each on a line; of the others how many there are."""
    names = list(dict.fromkeys(system_name(one, words) for one in chapter.systems))
    rest = len(names) - most
    if rest > 0:
        template = words.others_singular if rest == 1 else words.others_plural
        names[most:] = [template.format(count=rest)]
    return names


def sharing(warning: WarningFacts, words: Frame, sender: Sender) -> str:
    """Who may read the message: what the label says, and whether a supplier may."""
    said = words.tlp_sentence(warning.tlp)
    if warning.tlp in _SAYS_IT_ALL:
        return said
    sources = [sender.sources.get(one.feed) for one in warning.systems]
    is_allowed = warning.tlp is not Tlp.AMBER_STRICT and all(
        source and source.terms.may_show_supplier for source in sources
    )
    return f"{said} {words.supplier_may if is_allowed else words.supplier_ask}"


def genuine(code: str, words: Frame, sender: Sender) -> list[str]:
    """How to check that the message is ours; no screen breaks the code, on a line of its own."""
    check = (
        words.genuine_check.format(contact_line=sender.contact_line)
        if sender.contact_line
        else words.genuine_look_up
    )
    return [check, code, words.genuine_never]
