"""``baken letters``: printed in batches for whoever posts them, and what became of them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from baken.cli.output import InLanguage, say, say_json
from baken.cli.session import begin, begin_reading
from baken.core.language import Language

app = typer.Typer(help="Letters: warnings on paper.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


class Reason(StrEnum):
    """Why a letter came back."""

    UNDELIVERABLE = "undeliverable"
    MOVED = "moved"
    REFUSED = "refused"
    NOT_COLLECTED = "not-collected"


@app.callback()
def letters() -> None:
    """Letters: warnings on paper."""


@app.command(name="print")
def print_all(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Where the batch gets its folder; by default letters in our home."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be printed and write nothing.")
    ] = False,
    language: InLanguage = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Print the letters that wait: a PDF each, and list.csv for the printer.

    Each letter is in one batch, ever. A batch that was broken off is finished first, where it was
    to go. A letter that is no longer to go is withdrawn, and says why. What goes beyond
    BAKEN_LETTERS_PER_DAY waits for another day, the gravest first.
    """
    settings = begin()
    from baken.explaining.letters import preview_lines, printing_lines
    from baken.explaining.words import words_in
    from baken.jobs.letters import preview_printing, print_letters

    now, words = datetime.now(UTC), words_in(language)
    if dry_run:
        preview = preview_printing(settings=settings, now=now)
        figures, lines = asdict(preview), preview_lines(preview, words)
    else:
        done = print_letters(out or settings.home / "letters", settings=settings, now=now)
        figures, lines = asdict(done), printing_lines(done, words)
    if as_json:
        say_json(figures)
        return
    for line in lines:
        say(line)


@app.command()
def sent(
    codes: Annotated[
        list[str] | None, typer.Argument(metavar="CODES", help="The codes of letters.")
    ] = None,
    batch: Annotated[int | None, typer.Option("--all", help="All letters of this batch.")] = None,
    language: InLanguage = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Record that letters were posted."""
    if bool(codes) == (batch is not None):
        raise typer.BadParameter("Give codes, or --all with the number of a batch.")
    begin()
    from baken.explaining.letters import sent_line
    from baken.explaining.words import words_in
    from baken.responses.services import record_sent

    count = record_sent(codes=codes or (), batch_id=batch, now=datetime.now(UTC))
    if as_json:
        say_json({"sent": count})
    else:
        say(sent_line(count, words_in(language)))


@app.command()
def returned(
    code: Annotated[str, typer.Argument(help="The code of the letter.")],
    reason: Annotated[
        Reason, typer.Option("--reason", help="Why it came back.")
    ] = Reason.UNDELIVERABLE,
    language: InLanguage = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Record that a letter came back: the next `baken send` takes another way, where there is one.

    With undeliverable and moved nothing is sent to that address any more, until it is lifted with
    baken suppress --lift. Otherwise it is passed over for a week.
    """
    begin()
    from baken.explaining.letters import returned_lines
    from baken.explaining.words import words_in
    from baken.responses.services import record_returned

    done = record_returned(code, reason=reason.value, now=datetime.now(UTC))
    if as_json:
        say_json(asdict(done))
        return
    for line in returned_lines(done, words_in(language)):
        say(line)


@app.command(name="list")
def list_all(language: InLanguage = Language.EN, as_json: AsJson = False) -> None:
    """List the letters: those that wait, then the newest batch first."""
    begin_reading()
    from baken.explaining.letters import letter_list_lines
    from baken.explaining.words import words_in
    from baken.responses.selectors import listed_letters

    found = listed_letters()
    if as_json:
        say_json({"letters": [asdict(one) for one in found]})
        return
    for line in letter_list_lines(found, words_in(language)):
        say(line)
