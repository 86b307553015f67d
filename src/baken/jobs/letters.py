"""Prints letters: each once, into a folder for the printer, with the list that goes with them."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from django.db import transaction

from baken.channels import letter as letter_channel
from baken.core.errors import (
    About,
    ChannelError,
    OutputRefusedError,
    SendingHaltedError,
    SettingsError,
)
from baken.core.postal_address import MOST_LINES, window_lines
from baken.core.spreadsheet import guard_formula
from baken.jobs.clock import check_clock
from baken.jobs.matching_again import match_what_waits
from baken.jobs.roads import channels_in_use
from baken.jobs.sending import check_sender, policy_of, sender_of
from baken.outbox.selectors import ReadyLetter, current_halt, ready_letter, why_not_carry
from baken.outbox.services import call_off
from baken.responses.selectors import count_letters_printed, waiting_letters
from baken.responses.services import (
    Batch,
    LetterToPrint,
    PrintedBatch,
    Printing,
    PrintingPreview,
    begin_batch,
    printing_alone,
    record_written,
    unwritten_batches,
)
from baken.settings.environment import Settings

_LIST: Final = "list.csv"
_HEAD: Final = (
    "number", "code", "pages", *(f"line{place}" for place in range(1, MOST_LINES + 1)), "file",
)  # fmt: skip


def print_letters(folder: Path, *, settings: Settings, now: datetime) -> Printing:
    """Print the letters that wait into a folder of their own below `folder`.

    Each is intended (it is in a batch), then written, then recorded. After a crash in between the
    next printing writes the same batch again, where it was to go. What may not go any more is
    withdrawn. Raises `SettingsError`, `SendingHaltedError`, `ClockBehindError`,
    `LetterRefusedError`, `OutputRefusedError`.
    """
    printer = _Printer(settings, now=now)
    with printing_alone():
        match_what_waits(settings)
        printed = [printer.write(batch) for batch in unwritten_batches()]
        chosen = printer.choose()
        for pk, reason in chosen.stopped.items():
            call_off(pk, reason=reason)
        ready = list(chosen.ready)
        batch = begin_batch(ready, folder=str(folder.absolute()), now=now) if ready else None
        if batch is not None:
            printed.append(printer.write(batch))
    return Printing(
        tuple(printed), tuple(chosen.stopped.values()), tuple(chosen.faults), chosen.waiting
    )


def preview_printing(*, settings: Settings, now: datetime) -> PrintingPreview:
    """What `print_letters` would do now; writes nothing. Raises as that does."""
    printer = _Printer(settings, now=now)
    with transaction.atomic():
        match_what_waits(settings)
        chosen = printer.choose()
        unfinished = tuple(batch.id for batch in unwritten_batches())
        transaction.set_rollback(True)
    return PrintingPreview(
        unfinished,
        tuple(chosen.ready.values()),
        tuple(chosen.stopped.values()),
        tuple(chosen.faults),
        chosen.waiting,
    )


@dataclass(frozen=True, slots=True)
class _Chosen:
    ready: dict[UUID, LetterToPrint]
    stopped: dict[UUID, str]
    """Why these may not be printed any more."""
    faults: list[str]
    waiting: int


class _Printer:
    """Puts letters into words and files, by one set of settings."""

    def __init__(self, settings: Settings, *, now: datetime) -> None:
        kind = channels_in_use(settings).get(letter_channel.KEY)
        if kind is None:
            raise SettingsError(
                "No letters are written while BAKEN_LETTER_RETURN_ADDRESS is not set.",
                remedy="Set it to your postal address, its lines with semicolons between them.",
            )
        check_sender(settings)
        check_clock(now)
        if halt := current_halt():
            raise SendingHaltedError(
                f"Sending is halted since {halt.halted_at:%Y-%m-%d %H:%M} UTC ({halt.reason}): no "
                "letter is printed either.",
                remedy="Lift the halt with baken resume.",
            )
        self._now = now
        self._carries = kind.carries
        self._policy = replace(policy_of(settings), channels={letter_channel.KEY: kind.carries})
        self._sender = sender_of(settings)
        self._rendering = kind.rendering(settings)
        today = now.astimezone(settings.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        self._room = settings.by_hand.letters_per_day - count_letters_printed(since=today)

    def choose(self) -> _Chosen:
        """The gravest that may be printed today, and why others may not be any more."""
        chosen = _Chosen({}, {}, [], 0)
        waiting = waiting_letters()
        for place, pk in enumerate(waiting):
            if len(chosen.ready) >= self._room:
                return replace(chosen, waiting=len(waiting) - place)
            reason = why_not_carry(pk, policy=self._policy, now=self._now)
            if not reason:
                try:
                    chosen.ready[pk] = self._to_print(pk)
                    continue
                except ChannelError as error:  # it holds up this one, and no other
                    reason = error.reply
                    if error.about is About.US:
                        chosen.faults.append(reason)
                        continue
            chosen.stopped[pk] = reason
        return chosen

    def write(self, batch: Batch) -> PrintedBatch:
        """Write the files of `batch`, the list last, and record that they are there."""
        folder = Path(batch.folder) / f"batch-{batch.id:04}"
        rows: list[Sequence[str]] = []
        pages = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for pk, number in batch.numbers:
                one = self._letter(pk)
                name = f"{number:04}-{one.code}.pdf"
                try:
                    content = self._rendering(one.message).content
                except ChannelError as error:
                    if error.about is About.US:
                        raise
                    call_off(pk, reason=error.reply)  # erased since it was put in the batch
                    continue
                _write_whole(folder / name, content)
                rows.append(_row(number, one, pages=letter_channel.pages_in(content), file=name))
                pages += letter_channel.pages_in(content)
            _write_whole(folder / _LIST, _as_csv([_HEAD, *rows]))
        except (OSError, ChannelError) as error:
            raise OutputRefusedError(
                f"Batch {batch.id} cannot be written to {folder}: {error}.",
                remedy="Repair that, then use baken letters print again: it goes on with this one.",
            ) from error
        record_written(batch.id, now=self._now)
        return PrintedBatch(batch.id, folder, len(rows), pages)

    def _to_print(self, notification_id: UUID) -> LetterToPrint:
        one = self._letter(notification_id)
        pages = letter_channel.pages_in(self._rendering(one.message).content)
        return LetterToPrint(one.code, tuple(window_lines(one.message.recipient_address)), pages)

    def _letter(self, notification_id: UUID) -> ReadyLetter:
        return ready_letter(notification_id, sender=self._sender, carries=self._carries)


def _row(number: int, one: ReadyLetter, *, pages: int, file: str) -> Sequence[str]:
    lines = window_lines(one.message.recipient_address)
    return (str(number), one.code, str(pages), *lines, *[""] * (MOST_LINES - len(lines)), file)


def _as_csv(rows: Sequence[Sequence[str]]) -> bytes:
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerows([guard_formula(cell) for cell in row] for row in rows)
    return written.getvalue().encode()


def _write_whole(path: Path, content: bytes) -> None:
    """Whole or not at all, and on the disk before anything is recorded."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
