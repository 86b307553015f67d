"""Explains letters: what was printed where, and the list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from baken.explaining.cases import reason_of_withdrawal
from baken.explaining.words import Words
from baken.responses.selectors import ListedLetter
from baken.responses.services import Printing, PrintingPreview, ReturnedLetter


def printing_lines(done: Printing, words: Words) -> Iterator[str]:
    """What printing came to, and what to do when it is posted."""
    yield from _not_printed(done.dropped, done.faults, words)
    if not done.batches:
        yield words.say("letters.nothing")
    for one in done.batches:
        yield words.say(
            "letters.printed",
            batch=one.batch,
            letters=words.counted("letter", one.letters),
            pages=words.counted("page", one.pages),
            folder=one.folder,
        )
    yield from _waiting(done.waiting, words)


def preview_lines(preview: PrintingPreview, words: Words) -> Iterator[str]:
    """What would be printed: each letter in a line."""
    yield from _not_printed(preview.dropped, preview.faults, words)
    for batch in preview.unfinished:
        yield words.say("letters.unfinished", batch=batch)
    for one in preview.letters:
        yield words.say(
            "letters.would_print",
            code=one.code,
            pages=words.counted("page", one.pages),
            addressee=", ".join(one.addressee),
        )
    counted = words.counted("letter", len(preview.letters))
    yield words.say("letters.dry_run", letters=counted)
    yield from _waiting(preview.waiting, words)


def _not_printed(dropped: Sequence[str], faults: Sequence[str], words: Words) -> Iterator[str]:
    for reason in dropped:
        yield words.say("letters.dropped", reason=reason_of_withdrawal(reason, words))
    for fault in faults:
        yield words.say("letters.fault", fault=fault)


def _waiting(count: int, words: Words) -> Iterator[str]:
    if count:
        yield words.say("letters.beyond", letters=words.counted("letter", count))


def sent_line(count: int, words: Words) -> str:
    """How many were recorded as posted."""
    return words.say("letters.sent", letters=words.counted("letter", count))


def returned_lines(done: ReturnedLetter, words: Words) -> Iterator[str]:
    """What follows for a letter that came back."""
    key = "letters.returned" if done.is_told_otherwise else "letters.returned_before"
    yield words.say(key, code=done.code)
    if done.suppressed_address:
        yield words.say("letters.suppressed", address=done.suppressed_address)


def letter_list_lines(letters: Sequence[ListedLetter], words: Words) -> Iterator[str]:
    """The list of letters, a line each."""
    if not letters:
        yield words.say("letters.empty")
    for one in letters:
        yield words.say(
            "letters.line",
            code=one.code,
            state=words.say(f"letters.state.{one.state}").ljust(12),
            batch=("" if one.batch is None else str(one.batch)).rjust(5),
            organisation=one.organisation,
        )
