"""A request to an operator in blocks: which systems, what we ask, and what it can send along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from baken.advice import Advice, PassOnWords, Values, advice_for, filled
from baken.channels.blocks import (
    Block,
    Entries,
    Entry,
    Fact,
    Facts,
    Heading,
    Link,
    Paragraph,
    SignOff,
    Steps,
)
from baken.core.classification import Severity
from baken.core.finding_kinds import finding_kinds
from baken.core.rules import Rule
from baken.core.text import one_line
from baken.outbox.wording.details import shown_moments
from baken.outbox.wording.facts import PassOnFacts, Sender, SystemOfOperator, ToldSystem
from baken.outbox.wording.first_screen import by_whom, genuine, told_before
from baken.outbox.wording.letter import answer_url, privacy
from baken.outbox.wording.moments import utc
from baken.outbox.wording.quoting import cut, named
from baken.outbox.wording.systems import seen_when, system_name

_LONGEST_NAME: Final = 80
_SYSTEMS_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class OneKind:
    """The systems of a request of which the same can be sent along."""

    advice: Advice
    """Written to whoever uses the system, and true of each of them."""
    systems: Sequence[SystemOfOperator]
    """As addresses are sorted."""
    severity: Severity


@dataclass(frozen=True, slots=True)
class Attached:
    """The names of the files that go along; empty where one does not."""

    sheet: str = ""
    xarf: str = ""
    in_xarf: int = 0
    """How many systems the second has."""


def kinds_of(request: PassOnFacts) -> list[OneKind]:
    """At least one, the most urgent first; kinds that share their words are one."""
    advices: dict[tuple[str, str], Advice] = {}
    systems: dict[tuple[str, str], list[SystemOfOperator]] = {}
    for one in request.systems:
        seen = one.seen
        advice = advice_for(seen.finding_kind, rsit_type=seen.rsit_type, language=request.language)
        known = finding_kinds().get(seen.finding_kind)
        service = known.protocol if known else ""
        # Nothing of one system in it: the same text goes to others.
        key = (advice.kind, service)
        advices.setdefault(key, filled(advice, Values(service=service)))
        systems.setdefault(key, []).append(one)
    kinds = [
        OneKind(
            advices[key],
            sorted(found, key=lambda one: one.seen.place),
            max(one.seen.severity for one in found),
        )
        for key, found in systems.items()
    ]
    return sorted(kinds, key=lambda kind: kind.severity, reverse=True)


def subject_of_request(request: PassOnFacts, kinds: Sequence[OneKind], words: PassOnWords) -> str:
    """The label, how urgent, what is asked, and about how many systems."""
    is_reminder = all(one.seen.reason == Rule.REMINDER.value for one in request.systems)
    frame = words.frame
    urgency = frame.urgency_reminder if is_reminder else frame.urgency(kinds[0].severity.key)
    return words.subject.format(label=request.tlp, urgency=urgency, systems=_count(request, words))


def _count(request: PassOnFacts, words: PassOnWords) -> str:
    count = len(request.systems)
    return (words.subject_singular if count == 1 else words.subject_plural).format(count=count)


def request_blocks(
    request: PassOnFacts,
    kinds: Sequence[OneKind],
    words: PassOnWords,
    sender: Sender,
    *,
    shown: int,
    attached: Attached,
) -> Iterator[Block]:
    """The blocks of the message, with `shown` systems of each kind."""
    yield from _first_screen(request, kinds, words, sender)
    yield Heading(words.heading_ask, level=1)
    is_one = len(request.systems) == 1
    yield Steps(
        [
            words.ask_find_one if is_one else words.ask_find,
            words.ask_pass_on_one if is_one else words.ask_pass_on,
            words.ask_tell_page if sender.public_url else words.ask_tell_reply,
        ]
    )
    for number, kind in enumerate(kinds, start=1):
        title = words.heading_kind if len(kinds) == 1 else words.heading_kind_numbered
        yield Heading(title.format(number=number, subject=kind.advice.subject), level=1)
        yield Paragraph(_seen_by(kind, words, sender))
        yield Heading(words.frame.heading_systems, level=2)
        yield Entries([_entry(one, words, sender) for one in kind.systems[:shown]])
        if rest := len(kind.systems) - shown if len(kind.systems) > shown else 0:
            yield Paragraph(_more(rest, words, has_file=bool(attached.sheet)))
        yield Heading(words.heading_text, level=2)
        yield Paragraph(kind.advice.seen)
        for line in advice_of_occasion(request) if number == 1 else ():
            yield Paragraph(line)
        yield Steps(kind.advice.now)
    yield from _end(request, words, sender, attached=attached)


def _first_screen(
    request: PassOnFacts, kinds: Sequence[OneKind], words: PassOnWords, sender: Sender
) -> Iterator[Block]:
    frame = words.frame
    yield Paragraph(
        words.top_line.format(
            label=request.tlp,
            sender_name=sender.name,
            organisation=cut(named(request.organisation), _LONGEST_NAME),
        ),
        is_small=True,
    )
    name = named(request.recipient_name)
    yield Paragraph(frame.salutation_named.format(name=name) if name else frame.salutation)
    count = len(request.systems)
    intro = words.intro_singular if count == 1 else words.intro_plural
    yield Paragraph(intro.format(sender_name=sender.name, count=count))
    if request.threat_title:
        yield Paragraph(frame.threat.format(title=one_line(request.threat_title)))
    systems = [one.seen for kind in kinds for one in kind.systems]
    names = list(dict.fromkeys(system_name(one, frame) for one in systems))
    if (rest := len(names) - _SYSTEMS_NAMED) > 0:
        others = frame.others_singular if rest == 1 else frame.others_plural
        names[_SYSTEMS_NAMED:] = [others.format(count=rest)]
    if any("[.]" in one for one in names):
        names.append(frame.not_to_click)
    is_one = len(systems) == 1
    answer = words.answer_with_page if sender.public_url else words.answer
    yield Facts(
        (
            Fact(frame.fact_system if is_one else frame.fact_systems, names),
            Fact(words.fact_ask, [words.fact_ask_short_one if is_one else words.fact_ask_short]),
            Fact(frame.fact_share, [f"{frame.tlp_sentence(request.tlp)} {words.may_tell}"]),
            Fact(frame.fact_genuine, genuine(request.code, frame, sender)),
            Fact(frame.fact_answer, [answer.format(reply_to=sender.reply_to)]),
        )
    )


def _seen_by(kind: OneKind, words: PassOnWords, sender: Sender) -> str:
    seen = [one.seen for one in kind.systems]
    said = (by_whom(seen, words.frame, sender), told_before(seen, words.frame, sender))
    return " ".join(filter(None, said))


def _entry(one: SystemOfOperator, words: PassOnWords, sender: Sender) -> Entry:
    seen = one.seen
    lines = [words.code.format(code=one.code)]
    if seen.address and seen.address not in seen.system:  # it goes by its name
        lines.append(f"{words.frame.column_address}: {seen.address}")
    if moments := moments_of(seen):
        shown = shown_moments(seen, words.frame, sender.zone)
        for line, (at, port) in zip(shown, moments, strict=False):
            lines += [line, words.utc_moment.format(at=utc(at), port=port)]
    else:
        lines += [seen_when(seen, words.frame, sender), _in_utc(seen, words)]
    return Entry(system_name(seen, words.frame), lines)


def advice_of_occasion(request: PassOnFacts) -> list[str]:
    """What the threat itself says to do, a line each; it stands with the most urgent kind."""
    return [line.strip() for line in request.occasion_advice.splitlines() if line.strip()]


def moments_of(seen: ToldSystem) -> list[tuple[datetime, str]]:
    """When it was seen to send, and from which port: the newest first."""
    found = [(one.last_seen_at, one.value) for one in seen.details if one.is_moment]
    return sorted(found, reverse=True)


def _in_utc(seen: ToldSystem, words: PassOnWords) -> str:
    first, last = utc(seen.first_seen_at), utc(seen.last_seen_at)
    if first == last:
        return words.utc_once.format(at=last)
    return words.utc_several.format(first=first, last=last)


def _more(rest: int, words: PassOnWords, *, has_file: bool) -> str:
    frame = words.frame
    one, several = (
        (frame.more_singular, frame.more_plural)
        if has_file
        else (frame.others_singular, frame.others_plural)
    )
    return (one if rest == 1 else several).format(count=rest)


def _end(
    request: PassOnFacts, words: PassOnWords, sender: Sender, *, attached: Attached
) -> Iterator[Block]:
    frame = words.frame
    if attached.sheet:
        is_one = len(request.systems) == 1
        template = words.attachment_one if is_one else words.attachment
        said = [template.format(file_name=attached.sheet)]
        if attached.xarf:
            is_all = attached.in_xarf == len(request.systems)
            of_all = words.attachment_xarf_one if is_one else words.attachment_xarf
            template = of_all if is_all else words.attachment_xarf_some
            said.append(
                template.format(
                    file_name=attached.xarf, count=attached.in_xarf, systems=len(request.systems)
                )
            )
        yield Paragraph(" ".join(said))
    if sender.public_url or len(request.systems) > 1:
        yield Heading(frame.heading_answer, level=2)
    if sender.public_url:
        yield Paragraph(words.answer_page)
        yield Link(answer_url(request.reference, request.planned_at, sender), is_secret=True)
    if len(request.systems) > 1:
        yield Paragraph(words.answer_reply)
    if sender.public_url:
        yield Paragraph(words.why_code)
        yield Link(f"{sender.public_url}/check/")
    elif sender.contact_line:
        yield Paragraph(words.why_code_call.format(contact_line=sender.contact_line))
    yield SignOff(frame.sign_off.format(sender_name=sender.name).splitlines())
    yield from privacy(request.address_source, frame, sender)
