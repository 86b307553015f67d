"""Puts a warning into words: what was seen, why it matters, what to do, how to check.

Pure: values in, a `Message` out, and the same values give the same message, so that a retry under
the same Message-ID says the same. Text from a feed goes on one line and never reaches a
header; in the attachment it cannot become a formula.
"""

from __future__ import annotations

import csv
import io
import textwrap
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from baken.advice import Advice, Frame, Values, advice_for, filled, frame
from baken.channels import Attachment, Carries, Message
from baken.core.classification import Severity, Tlp
from baken.core.errors import About, ChannelError
from baken.core.finding_kinds import finding_kinds
from baken.core.observation import NAME_SOURCE
from baken.core.spreadsheet import guard_formula
from baken.core.text import one_line

_WIDTH: Final = 76
_SYSTEMS_IN_TEXT: Final = 15
_DETAILS_IN_TEXT: Final = 4
_LONGEST_DETAIL: Final = 60
_LARGEST_PLAIN_TABLE: Final = 1 << 20  # bytes
_PARAGRAPHS_KEPT: Final = 4096
_TIME: Final = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who warns, as the message says it."""

    name: str
    reply_to: str
    contact_line: str
    message_id_domain: str


@dataclass(frozen=True, slots=True)
class ToldSystem:
    """One case in a notification, as it stood when the notification was planned."""

    finding_kind: str
    rsit_type: str
    system: str
    severity: Severity
    reason: str
    first_seen_at: datetime
    last_seen_at: datetime
    sightings: int
    host_name: str
    url: str
    product: str
    cves: tuple[str, ...]
    asset: str
    evidence: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WarningFacts:
    """Everything that a message says."""

    reference: str
    """The notification's id; it stands in the Message-ID and in the text."""
    organisation: str
    recipient_address: str
    recipient_name: str
    language: str
    tlp: Tlp
    planned_at: datetime
    is_registered: bool
    """Whether the organisation signed up."""
    threat_title: str
    """What the threat is called; empty when a daily feed is the occasion."""
    occasion_advice: str
    """What the occasion says besides the advice of the finding kinds; may be empty."""
    systems: Sequence[ToldSystem]
    """Most urgent first; at least one."""


def message_id_of(warning: WarningFacts, sender: Sender) -> str:
    """The Message-ID of `warning`, without angle brackets: the same for every attempt."""
    return f"{warning.reference}@{sender.message_id_domain}"


EVERYTHING: Final = Carries(encryption=True, attachments=True, longest_text=None)
"""What no channel is asked to leave out."""


def compose(warning: WarningFacts, sender: Sender, *, carries: Carries = EVERYTHING) -> Message:
    """The message that `warning` becomes for a channel that `carries` so much.

    Raises `ChannelError` about the message, permanent, when even one system of each finding kind
    makes the text too long.
    """
    words = frame(warning.language)
    groups = _by_kind(warning)
    attachments: tuple[Attachment, ...] = ()
    if carries.attachments:
        attachments = (_packed(f"baken-{warning.reference[:8]}.csv", warning, words),)
    file_name = attachments[0].file_name if attachments else ""
    return Message(
        id=message_id_of(warning, sender),
        recipient_address=warning.recipient_address,
        recipient_name=warning.recipient_name,
        language=words.language,
        subject=_subject(warning, groups, words),
        text=_fitting_text(
            warning, groups, words, sender, file_name=file_name, longest=carries.longest_text
        ),
        tlp=warning.tlp,
        made_at=warning.planned_at,
        attachments=attachments,
    )


def _packed(file_name: str, warning: WarningFacts, words: Frame) -> Attachment:
    """The table of all systems; packed where it is long, since mail servers refuse large mails."""
    content = _table_of_all(warning, words)
    if len(content) <= _LARGEST_PLAIN_TABLE:
        return Attachment(file_name, "text/csv", content)
    packed = io.BytesIO()
    # Nothing of the moment of packing goes in: a retry gives the same bytes.
    entry = zipfile.ZipInfo(file_name, date_time=warning.planned_at.timetuple()[:6])
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(entry, content, compress_type=zipfile.ZIP_DEFLATED)
    return Attachment(f"{file_name}.zip", "application/zip", packed.getvalue())


@dataclass(frozen=True, slots=True)
class _Group:
    """The systems of one finding kind, with its advice."""

    advice: Advice
    systems: Sequence[ToldSystem]


def _by_kind(warning: WarningFacts) -> list[_Group]:
    kinds: dict[str, list[ToldSystem]] = {}
    for system in warning.systems:
        kinds.setdefault(system.finding_kind, []).append(system)
    return [
        _Group(
            filled(
                advice_for(kind, rsit_type=systems[0].rsit_type, language=warning.language),
                _values(kind, systems),
            ),
            systems,
        )
        for kind, systems in kinds.items()
    ]


def _values(kind: str, systems: Sequence[ToldSystem]) -> Values:
    """What the texts of `kind` may name."""
    known = finding_kinds().get(kind)
    return Values(
        service=known.protocol if known else "",
        families=tuple(filter(None, (one.evidence.get("family") for one in systems))),
        cves=tuple(cve for one in systems for cve in one.cves),
        host=systems[0].host_name,
    )


def _subject(warning: WarningFacts, groups: Sequence[_Group], words: Frame) -> str:
    count = len({system.system for system in warning.systems})
    if len(groups) == 1:
        template = words.subject_one_kind
    elif count == 1:
        template = words.subject_several_kinds_singular
    else:
        template = words.subject_several_kinds_plural
    return template.format(
        label=f"[{warning.tlp}]",
        finding=groups[0].advice.subject,
        organisation=one_line(warning.organisation),
        count=count,
    )


def _fitting_text(
    warning: WarningFacts,
    groups: Sequence[_Group],
    words: Frame,
    sender: Sender,
    *,
    file_name: str,
    longest: int | None,
) -> str:
    """The text with as many systems of each finding kind as fit in `longest` characters."""
    for shown in range(_SYSTEMS_IN_TEXT, 0, -1):
        text = _text(warning, groups, words, sender, file_name=file_name, shown=shown)
        if longest is None or len(text) <= longest:
            return text
    raise ChannelError(
        f"The warning needs {len(text)} characters, and the channel carries {longest}.",
        about=About.MESSAGE,
        permanent=True,
    )


def _text(
    warning: WarningFacts,
    groups: Sequence[_Group],
    words: Frame,
    sender: Sender,
    *,
    file_name: str,
    shown: int,
) -> str:
    """The whole text; without a `file_name` it speaks of no attachment."""
    count = len({system.system for system in warning.systems})
    name = one_line(warning.recipient_name)
    intro = _intro(words, count=count, is_registered=warning.is_registered)
    paragraphs = [
        _wrap(words.tlp_sentence(warning.tlp)),
        words.salutation_named.format(name=name) if name else words.salutation,
        _wrap(
            intro.format(
                sender_name=sender.name, organisation=one_line(warning.organisation), count=count
            )
        ),
    ]
    if warning.threat_title:
        paragraphs.append(_wrap(words.threat.format(title=one_line(warning.threat_title))))
    if warning.occasion_advice:
        paragraphs.append(_wrap(warning.occasion_advice))
    for number, group in enumerate(groups, start=1):
        title = f"{number}. {group.advice.subject}" if len(groups) > 1 else group.advice.subject
        paragraphs += [
            _heading(title, "="),
            *_section(group, words, shown=shown, is_attached=bool(file_name)),
        ]
    paragraphs += [
        _wrap(
            f"{words.attachment.format(file_name=file_name)} {words.time_note}"
            if file_name
            else words.time_note
        ),
        _heading(words.heading_answer, "-"),
        _wrap(words.answer.format(reply_to=sender.reply_to)),
        _heading(words.heading_genuine, "-"),
        _wrap(_genuine(warning, words, sender)),
        words.sign_off.format(sender_name=sender.name),
    ]
    return "\n\n".join(paragraphs) + "\n"


def _intro(words: Frame, *, count: int, is_registered: bool) -> str:
    if is_registered:
        return words.intro_singular if count == 1 else words.intro_plural
    return words.intro_unasked_singular if count == 1 else words.intro_unasked_plural


def _genuine(warning: WarningFacts, words: Frame, sender: Sender) -> str:
    sentences = [
        words.genuine_reference.format(reference=warning.reference[:8]),
        words.genuine_never,
    ]
    if sender.contact_line:
        sentences.insert(0, words.genuine_check.format(contact_line=sender.contact_line))
    return "\n".join(sentences)


def _section(group: _Group, words: Frame, *, shown: int, is_attached: bool) -> Iterator[str]:
    advice = group.advice
    yield f"{words.heading_seen}\n{_wrap(advice.seen)}"
    table = _table(group.systems[:shown], words)
    if len(group.systems) > shown:
        more = _more(len(group.systems) - shown, words, is_attached=is_attached)
        table = f"{table}\n{more}"
    yield f"{words.heading_systems}\n{table}"
    yield f"{words.heading_matters}\n{_wrap(advice.matters)}"
    deadline = words.deadline(max(group.systems, key=lambda one: one.severity).severity.key)
    yield f"{words.heading_now}\n{deadline}\n{_steps(advice.now)}"
    yield f"{words.heading_later}\n{_steps(advice.later)}"
    yield f"{words.heading_check}\n{_wrap(advice.check)}"


def _table(systems: Sequence[ToldSystem], words: Frame) -> str:
    header = [
        words.column_system,
        words.column_severity,
        words.column_last_seen,
        words.column_reason,
    ]
    rows = [
        [
            one_line(system.system),
            words.severity_word(system.severity.key),
            f"{system.last_seen_at:{_TIME}}",
            words.reason_word(system.reason),
        ]
        for system in systems
    ]
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(3)]
    lines = [_row(header, widths), _row(["-" * width for width in [*widths, 8]], widths)]
    for row, system in zip(rows, systems, strict=True):
        lines.append(_row(row, widths))
        details = _details(system)[:_DETAILS_IN_TEXT]
        if system.first_seen_at != system.last_seen_at:
            details.insert(0, f"{words.column_first_seen}: {system.first_seen_at:{_TIME}}")
        lines += [f"      {detail}" for detail in details]
    return "\n".join(lines)


def _more(count: int, words: Frame, *, is_attached: bool) -> str:
    """That `count` systems are not shown; where they stand comes after the comma."""
    template = words.more_singular if count == 1 else words.more_plural
    if not is_attached:
        template = template.partition(",")[0]
    return f"  {template.format(count=count)}"


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells[:3], widths, strict=True)]
    return "  " + "  ".join([*padded, cells[3]]).rstrip()


def _details(system: ToldSystem) -> list[str]:
    facts = {
        "host": system.host_name if system.host_name != system.system else "",
        "url": system.url,
        "CVE": ", ".join(system.cves),
        "product": system.product,
        **system.evidence,
    }
    facts.pop(NAME_SOURCE, None)  # for us; it helps nobody to find the system
    return [
        f"{name}: {_shortened(one_line(value))}" for name, value in facts.items() if value.strip()
    ]


def _shortened(line: str) -> str:
    if len(line) <= _LONGEST_DETAIL:
        return line
    return textwrap.shorten(line, _LONGEST_DETAIL, placeholder="…")


def _table_of_all(warning: WarningFacts, words: Frame) -> bytes:
    text = io.StringIO()
    text.write("\N{BYTE ORDER MARK}")  # without it, spreadsheets take UTF-8 for something else
    writer = csv.writer(text, lineterminator="\r\n")
    header = [
        words.column_system, "finding_kind", words.column_severity, words.column_reason,
        words.column_first_seen, words.column_last_seen, words.column_times_seen,
        "host", "url", "cve", "product", "asset", words.column_details, "tlp",
    ]  # fmt: skip
    writer.writerow(header)
    for system in warning.systems:
        details = "; ".join(f"{name}={value}" for name, value in system.evidence.items())
        cells = [
            system.system, system.finding_kind, words.severity_word(system.severity.key),
            words.reason_word(system.reason), system.first_seen_at.isoformat(),
            system.last_seen_at.isoformat(), str(system.sightings), system.host_name, system.url,
            " ".join(system.cves), system.product, system.asset, details, str(warning.tlp),
        ]  # fmt: skip
        writer.writerow([guard_formula(one_line(cell)) for cell in cells])
    return text.getvalue().encode()


def _heading(title: str, line: str) -> str:
    return f"{title}\n{line * min(len(title), _WIDTH)}"


# The same advice stands in thousands of mails of a run, and wrapping it is most of the work.
@lru_cache(maxsize=_PARAGRAPHS_KEPT)
def _steps(steps: tuple[str, ...]) -> str:
    return "\n".join(
        textwrap.fill(
            step, _WIDTH, initial_indent=f"  {number}. ", subsequent_indent="     ",
            break_long_words=False, break_on_hyphens=False,
        )
        for number, step in enumerate(steps, start=1)
    )  # fmt: skip


def _wrap(text: str) -> str:
    # A line indented by four spaces is a command and stays as it is.
    return "\n".join(
        line if line.startswith("    ") else _filled(line) for line in text.splitlines()
    )


@lru_cache(maxsize=_PARAGRAPHS_KEPT)
def _filled(line: str) -> str:
    return textwrap.fill(line, _WIDTH, break_long_words=False, break_on_hyphens=False)
