"""Puts a warning into words: what was seen, why it matters, what to do, how to check.

Pure: values in, a `Message` out, and the same values give the same message, so that a retry under
the same Message-ID says the same. What others wrote is quoted: on one line, of bounded length, with
nothing to click on, and never in a header. Nobody reaches past this door.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from baken.advice import Frame, call_words, frame, letter_words, pass_on_words
from baken.channels import Attachment, Carries, Form, Message, Page
from baken.channels.blocks import Block
from baken.core.errors import About, ChannelError
from baken.core.postal_address import addressed_to, is_addressed
from baken.core.text import one_line
from baken.outbox.wording.call_script import call_script
from baken.outbox.wording.chapters import Chapter, chapters_of
from baken.outbox.wording.facts import (
    PassOnFacts,
    Sender,
    SystemOfOperator,
    ToldSystem,
    WarningFacts,
)
from baken.outbox.wording.html import as_html
from baken.outbox.wording.letter import MOST_IN_FULL, Length, letter
from baken.outbox.wording.moments import date
from baken.outbox.wording.pass_on import (
    Attached,
    kinds_of,
    request_blocks,
    subject_of_request,
)
from baken.outbox.wording.pass_on_sheet import pass_on_sheet
from baken.outbox.wording.spreadsheet import spreadsheet
from baken.outbox.wording.subject import subject_of
from baken.outbox.wording.text import as_text
from baken.outbox.wording.workbook import CONTENT_TYPE
from baken.outbox.wording.xarf import CONTENT_TYPE as XARF_CONTENT_TYPE
from baken.outbox.wording.xarf import as_file, xarf_reports

__all__ = [
    "EVERYTHING",
    "MessageFacts",
    "PassOnFacts",
    "Sender",
    "SystemOfOperator",
    "ToldSystem",
    "WarningFacts",
    "compose",
    "message_id_of",
]

EVERYTHING: Final = Carries(encryption=True, attachments=True, longest_text=None)
"""What no channel is asked to leave out."""

_SYSTEMS_IN_TEXT: Final = 15
_LONGEST_ON_PAPER: Final = 250
_SYSTEMS_ON_PAPER: Final = 20
"""Of each chapter; nobody types three hundred addresses over, so the rest is sent on request."""


MessageFacts = WarningFacts | PassOnFacts
"""What a message says: a warning, or a request to pass on."""


def message_id_of(warning: MessageFacts, sender: Sender) -> str:
    """The Message-ID of `warning`, without angle brackets: the same for every attempt."""
    return f"{warning.reference}@{sender.message_id_domain}"


def compose(warning: MessageFacts, sender: Sender, *, carries: Carries = EVERYTHING) -> Message:
    """The message that `warning`, or a request, becomes for a channel that `carries` so much.

    Raises `ChannelError` about the message, permanent, when even one system of each finding kind
    makes the text too long.
    """
    if warning.zone is not None:
        sender = replace(sender, zone=warning.zone)
    if isinstance(warning, PassOnFacts):
        return _request(warning, sender, carries=carries)
    if carries.form is Form.SCRIPT:
        return _script(warning, sender)
    if carries.form is Form.LETTER:
        return _letter(warning, sender)
    words = frame(warning.language)
    chapters = chapters_of(warning)
    subject = subject_of(warning, chapters, words)
    is_long = len(chapters) > MOST_IN_FULL
    attachments: tuple[Attachment, ...] = ()
    if carries.attachments:
        content = spreadsheet(warning, chapters, words, sender, with_advice=is_long)
        file_name = words.file_name.format(code=warning.code)
        attachments = (Attachment(file_name, CONTENT_TYPE, content),)
    blocks, text = _fitting(
        warning,
        chapters,
        words,
        sender,
        file_name=attachments[0].file_name if attachments else "",
        longest=carries.longest_text,
    )
    return Message(
        id=message_id_of(warning, sender),
        recipient_address=warning.recipient_address,
        recipient_name=warning.recipient_name,
        language=words.language,
        subject=subject,
        text=text,
        html=as_html(blocks, title=subject, language=words.language),
        tlp=warning.tlp,
        made_at=warning.planned_at,
        attachments=attachments,
        in_reply_to=warning.in_reply_to,
    )


def _request(request: PassOnFacts, sender: Sender, *, carries: Carries) -> Message:
    words = pass_on_words(request.language)
    kinds = kinds_of(request)
    subject = subject_of_request(request, kinds, words)
    attachments: tuple[Attachment, ...] = ()
    attached = Attached()
    if carries.attachments:
        sheet = words.file_name.format(code=request.code)
        content = pass_on_sheet(request, kinds, words, sender)
        attachments = (Attachment(sheet, CONTENT_TYPE, content),)
        attached = Attached(sheet)
        reports, covered = xarf_reports(request, kinds, words, sender)
        if reports:
            xarf = words.file_name_xarf.format(code=request.code)
            attachments += (Attachment(xarf, XARF_CONTENT_TYPE, as_file(reports)),)
            attached = Attached(sheet, xarf, covered)

    def blocks_of(shown: int) -> list[Block]:
        return list(request_blocks(request, kinds, words, sender, shown=shown, attached=attached))

    blocks, text = _first_that_fits(blocks_of, longest=carries.longest_text)
    return Message(
        id=message_id_of(request, sender),
        recipient_address=request.recipient_address,
        recipient_name=request.recipient_name,
        language=words.frame.language,
        subject=subject,
        text=text,
        html=as_html(blocks, title=subject, language=words.frame.language),
        tlp=request.tlp,
        made_at=request.planned_at,
        attachments=attachments,
    )


def _script(warning: WarningFacts, sender: Sender) -> Message:
    words = call_words(warning.language)
    chapters = chapters_of(warning)
    return Message(
        id=message_id_of(warning, sender),
        recipient_address=warning.recipient_address,
        recipient_name=warning.recipient_name,
        language=words.frame.language,
        subject=subject_of(warning, chapters, words.frame),
        text=as_text(call_script(warning, chapters, words, sender)),
        tlp=warning.tlp,
        made_at=warning.planned_at,
    )


def _letter(warning: WarningFacts, sender: Sender) -> Message:
    words = letter_words(warning.language, has_number=bool(sender.published_number))
    chapters = chapters_of(warning)
    subject = subject_of(warning, chapters, words.frame, longest=_LONGEST_ON_PAPER)
    length = Length(_SYSTEMS_ON_PAPER, is_abbreviated=len(chapters) > MOST_IN_FULL, file_name="")
    blocks = tuple(letter(warning, chapters, words.frame, sender, length=length))
    address = warning.recipient_address
    if address and not is_addressed(address):
        address = addressed_to(one_line(warning.organisation), address)
    return Message(
        id=message_id_of(warning, sender),
        recipient_address=address,
        recipient_name=warning.recipient_name,
        language=words.frame.language,
        subject=subject,
        text=as_text(blocks),
        tlp=warning.tlp,
        made_at=warning.planned_at,
        page=Page(
            blocks=blocks,
            date=date(warning.planned_at, words.frame, sender.zone),
            code=warning.code,
            check_text=words.check if sender.public_url else "",
            check_url=f"{sender.public_url}/check/" if sender.public_url else "",
            answer_text=words.camera,
            numbering=words.numbering,
        ),
    )


def _fitting(
    warning: WarningFacts,
    chapters: Sequence[Chapter],
    words: Frame,
    sender: Sender,
    *,
    file_name: str,
    longest: int | None,
) -> tuple[list[Block], str]:
    """The blocks and their text, with as many systems a chapter as fit in `longest` characters."""
    # What is left out stands in the attachment. Without one, it is left out only when it must be.
    is_long = len(chapters) > MOST_IN_FULL and bool(file_name or longest is not None)

    def blocks_of(shown: int) -> list[Block]:
        length = Length(shown, is_abbreviated=is_long, file_name=file_name)
        return list(letter(warning, chapters, words, sender, length=length))

    return _first_that_fits(blocks_of, longest=longest)


def _first_that_fits(
    blocks_of: Callable[[int], list[Block]], *, longest: int | None
) -> tuple[list[Block], str]:
    """The blocks and their text, with as many systems as fit; see `compose`."""
    for shown in range(_SYSTEMS_IN_TEXT, 0, -1):
        blocks = blocks_of(shown)
        text = as_text(blocks)
        if longest is None or len(text) <= longest:
            return blocks, text
    raise ChannelError(
        f"The warning needs {len(text)} characters, and the channel carries {longest}.",
        about=About.MESSAGE,
        permanent=True,
    )
