"""``baken calls``: who is to be called, what to say, and how it went."""

from __future__ import annotations

import csv
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from baken.cli.output import InLanguage, say, say_json
from baken.cli.session import begin, begin_reading
from baken.core.language import Language
from baken.core.spreadsheet import guard_formula

app = typer.Typer(help="Calls: warnings that a person gives by phone.", no_args_is_help=True)

By = Annotated[str, typer.Option("--by", help="Who calls: your name, as colleagues know it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


class Outcome(StrEnum):
    """How a call went."""

    REACHED = "reached"
    LEFT_WORD = "left-word"
    NO_ANSWER = "no-answer"
    CALL_BACK = "call-back"
    WRONG_NUMBER = "wrong-number"
    NOT_THEIRS = "not-theirs"


@app.callback()
def calls() -> None:
    """Calls: warnings that a person gives by phone."""


@app.command(name="next")
def next_one(by: By, language: InLanguage = Language.EN, as_json: AsJson = False) -> None:
    """Take the next call, the gravest first: what was seen last, and what to say.

    The call is yours for an hour; nobody else gets it. What is said stands in the language of who
    is called. A call that is no longer to be made is taken out of the list, and says why. Asked
    again, the same call is given.
    """
    settings = begin()
    from baken.explaining.calls import next_call_lines
    from baken.explaining.words import words_in
    from baken.jobs.calling import next_call
    from baken.responses.selectors import next_free_call_at

    now = datetime.now(UTC)
    found = next_call(by=by, settings=settings, now=now)
    free_at = next_free_call_at(now=now) if found.call is None else None
    if as_json:
        call = asdict(found.call) if found.call else None
        say_json({"call": call, "dropped": found.dropped, "free_at": free_at})
        return
    for line in next_call_lines(found.call, found.dropped, words_in(language), free_at=free_at):
        say(line)


@app.command()
def done(
    code: Annotated[str, typer.Argument(help="The code of the call.")],
    by: By,
    outcome: Annotated[Outcome, typer.Option("--outcome", help="How it went.")],
    at: Annotated[
        datetime | None,
        typer.Option(
            "--at", formats=["%Y-%m-%dT%H:%M"], help="With call-back: when to call again, UTC."
        ),
    ] = None,
    language: InLanguage = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Record how the call with CODE went.

    no-answer comes back after two hours, left-word after a day, call-back at the time given. After
    three tries, or a wrong number, the next `baken send` takes another way to the organisation,
    where there is one. A wrong number is never called again. reached and not-theirs end the call.
    """
    begin()
    from baken.explaining.calls import recorded_call_lines
    from baken.explaining.words import words_in
    from baken.responses.services import record_call

    recorded = record_call(
        code,
        outcome=outcome.value,
        by=by,
        now=datetime.now(UTC),
        call_again_at=at.replace(tzinfo=UTC) if at else None,
    )
    if as_json:
        say_json(asdict(recorded))
        return
    for line in recorded_call_lines(recorded, words_in(language)):
        say(line)


@app.command(name="list")
def list_all(
    with_done: Annotated[bool, typer.Option("--all", help="Also the calls that are over.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print it as CSV.")] = False,
    language: InLanguage = Language.EN,
    as_json: AsJson = False,
) -> None:
    """List the calls that are to be made, in the order in which they are."""
    begin_reading()
    from baken.explaining.calls import list_lines
    from baken.explaining.words import words_in
    from baken.responses.selectors import listed_calls

    found = listed_calls(now=datetime.now(UTC), with_done=with_done)
    if as_json or as_csv:
        rows = [{**asdict(one), "severity": one.severity.key} for one in found]
        if as_json:
            say_json({"calls": rows})
        else:
            _say_csv(rows)
        return
    for line in list_lines(found, words_in(language)):
        say(line)


_COLUMNS = (
    "code", "state", "severity", "organisation", "reference", "number", "planned_at", "attempts",
    "claimed_by", "until",
)  # fmt: skip


def _say_csv(rows: list[dict[str, Any]]) -> None:
    """A telephone number begins with a plus, which a spreadsheet takes for a formula."""
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(_COLUMNS)
    for row in rows:
        table.writerow([guard_formula(_cell(row[column])) for column in _COLUMNS])


def _cell(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else "" if value is None else str(value)
