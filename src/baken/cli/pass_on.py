"""``baken pass-on``: what network operators were asked to pass on, and what they passed on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from baken.cli.output import InLanguage, counted, say, say_json
from baken.cli.session import begin, begin_reading
from baken.core.language import Language

app = typer.Typer(help="Requests to network operators to pass warnings on.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


@app.callback()
def pass_on() -> None:
    """Requests to network operators to pass warnings on."""


@app.command(name="list")
def list_them(
    code: Annotated[
        str | None, typer.Argument(help="The code of one request: its systems with their codes.")
    ] = None,
    at_most: Annotated[
        int, typer.Option("--at-most", min=1, help="How many requests, the newest first.")
    ] = 50,
    language: InLanguage = Language.EN,
    as_json: AsJson = False,
) -> None:
    """List what operators were asked, and how much of it they say they passed on."""
    begin_reading()
    from baken.explaining.passing_on import request_figures, request_lines, requests_in
    from baken.explaining.words import words_in
    from baken.outbox.selectors import listed_requests

    if code is not None:
        asked = requests_in(_request(code))
        if as_json:
            say_json({"systems": [request_figures(one) for one in asked]})
            return
        for line in request_lines(asked, (), words_in(language)):
            say(line)
        return
    found = listed_requests(at_most=at_most)
    if as_json:
        say_json(
            {
                "requests": [
                    {
                        "code": one.notification.code,
                        "operator": one.notification.organisation.name,
                        "address": one.notification.addressee.address,
                        "occasions": list(one.occasion_keys),
                        "planned_at": one.notification.planned_at,
                        "state": one.notification.state,
                        "systems": one.systems,
                        "passed_on": one.passed_on,
                        "not_theirs": one.not_theirs,
                    }
                    for one in found
                ]
            }
        )
        return
    words = words_in(language)
    for one in found:
        say(
            words.say(
                "pass_on.listed",
                at=one.notification.planned_at,
                code=one.notification.code,
                operator=one.notification.organisation.name or words.say("case.erased"),
                state=words.say(f"states.notification.{one.notification.state}"),
                systems=words.counted("system", one.systems),
                passed_on=one.passed_on,
                not_theirs=one.not_theirs,
            )
        )
    if not found:
        say(words.say("pass_on.none"))


@app.command()
def done(
    codes: Annotated[
        list[str] | None,
        typer.Argument(help="The codes of the systems that the operator passed on."),
    ] = None,
    of_request: Annotated[
        str | None,
        typer.Option("--all", help="The code of a request: all its systems were passed on."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Record that an operator says it passed systems on.

    The first time that it is said counts, so it may be recorded twice. With a code that no operator
    was sent nothing is recorded.
    """
    if bool(codes) == (of_request is not None):
        raise typer.BadParameter("Give the codes of systems, or --all with that of a request.")
    begin()
    from baken.outbox.services import record_all_passed_on, record_passed_on

    now = datetime.now(UTC)
    if of_request is None:
        recorded = record_passed_on(codes or (), now=now)
    else:
        recorded = record_all_passed_on(_request(of_request), now=now)
    if as_json:
        say_json({"recorded": recorded.recorded, "known": recorded.known})
        return
    say(
        f"{counted(recorded.recorded, 'system')} passed on; "
        f"{recorded.known:,} were recorded before."
    )


def _request(code: str) -> UUID:
    from baken.outbox.selectors import request_with

    return request_with(code).pk
