"""``baken registrant-request``: who was asked by whom who registered a domain, and what came."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from baken.cli.output import InLanguage, counted, say, say_json
from baken.cli.session import begin
from baken.core.language import Language
from baken.core.lookup import FoundChannel

if TYPE_CHECKING:
    from baken.discovery.selectors import RegistrantRequest

app = typer.Typer(
    help="Requests to registries and registrars for who registered a domain.",
    no_args_is_help=True,
)

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="As the list gives it.")]
By = Annotated[str, typer.Option("--by", help="Who records it.")]


@app.callback()
def registrant_requests() -> None:
    """Requests to registries and registrars for who registered a domain."""


@app.command()
def add(
    domain: Annotated[str, typer.Argument(help="The domain.")],
    asked_of: Annotated[str, typer.Option("--to", help="The registry or registrar.")],
    right: Annotated[str, typer.Option("--right", help="Under which law or policy it is asked.")],
    by: Annotated[str, typer.Option("--by", help="Who asks.")],
    due: Annotated[
        datetime | None,
        typer.Option(
            "--due", formats=["%Y-%m-%d"], help="When an answer is wanted; else in thirty days."
        ),
    ] = None,
) -> None:
    """Record that a person asks a registry or registrar who registered DOMAIN.

    Baken sends nothing to them: baken registrant-request draft writes the text.
    """
    begin()
    from baken.discovery.services import add_registrant_request

    request = add_registrant_request(
        domain,
        asked_of=asked_of,
        right=right,
        by=by,
        due_at=due.replace(tzinfo=UTC) if due else None,
        now=datetime.now(UTC),
    )
    say(f"Request {request.pk}: {request.asked_of} is asked who registered {request.domain}; an "
        f"answer is wanted by {request.due_at:%Y-%m-%d}.")  # fmt: skip


@app.command()
def draft(number: Number, language: InLanguage = Language.EN) -> None:
    """Print the text of an open request, for a person to send. Nothing is sent."""
    settings = begin()
    from baken.jobs.registrant_requests import draft_request

    say(draft_request(number, language=language, settings=settings).rstrip("\n"))


@app.command()
def answered(
    number: Number,
    by: By,
    organisation: Annotated[
        str, typer.Option("--organisation", help="Who registered the domain, by name.")
    ] = "",
    mail: Annotated[str, typer.Option("--mail", help="Its mail address.")] = "",
    phone: Annotated[str, typer.Option("--phone", help="Its telephone number.")] = "",
    letter: Annotated[
        str, typer.Option("--letter", help="Its postal address; the lines with | between them.")
    ] = "",
    person: Annotated[
        bool, typer.Option("--person", help="A private person registered it; nothing more is kept.")
    ] = False,
    refused: Annotated[
        str, typer.Option("--refused", help="Why they did not say who registered it.")
    ] = "",
) -> None:
    """Record what a registry or registrar answered.

    The addresses count with the next baken occasion discover, for ninety days, as those do that an
    analyst found.
    """
    given = {
        channel: text
        for channel, text in (
            (FoundChannel.MAIL, mail),
            (FoundChannel.PHONE, phone),
            (FoundChannel.LETTER, letter),
        )
        if text
    }
    if refused and (given or organisation or person):
        raise typer.BadParameter("--refused stands alone: they said nothing else.")
    begin()
    now = datetime.now(UTC)
    if refused:
        from baken.discovery.services import record_refused_request

        request = record_refused_request(number, why=refused, by=by, now=now)
        say(f"Request {number}: {request.asked_of} did not say who registered {request.domain}.")
        return
    from baken.jobs.registrant_requests import record_answer

    answer = record_answer(
        number,
        organisation=organisation,
        addresses=given,
        is_person=person,
        by=by,
        now=now,
    )
    who = "a private person" if person else organisation
    say(f"Request {number}: {answer.subject} is registered by {who}. It counts with the next baken "
        "occasion discover.")  # fmt: skip


@app.command()
def withdraw(number: Number, by: By) -> None:
    """Record that an answer is not wanted any more."""
    begin()
    from baken.discovery.services import withdraw_registrant_request

    request = withdraw_registrant_request(number, by=by, now=datetime.now(UTC))
    say(f"Request {number} to {request.asked_of} about {request.domain} is withdrawn.")


@app.command(name="list")
def list_requests(
    open_only: Annotated[
        bool, typer.Option("--open", help="Only those without an answer.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the requests, the first due first; those of which the answer is overdue say so.

    They are forgotten ninety days after they were answered, withdrawn, or due.
    """
    begin()
    from baken.discovery.selectors import registrant_requests as kept

    now = datetime.now(UTC)
    requests = kept(is_open=True if open_only else None)
    if as_json:
        say_json({"registrant_requests": [_figures(one, now=now) for one in requests]})
        return
    for one in requests:
        say(f"{one.pk:4}  {one.domain:30} {one.asked_of:24} {_state(one, now=now)}")
        say(f"      asked on {one.asked_at:%Y-%m-%d} by {one.asked_by}, under: {one.right}")
    if requests:
        say(f"{counted(len(requests), 'request')}.")
    else:
        say("No request is open or lately closed. baken registrant-request add records one.")


def _state(request: RegistrantRequest, *, now: datetime) -> str:
    if request.closed_at is None:
        words = "OVERDUE since" if request.due_at < now else "answer wanted by"
        return f"{words} {request.due_at:%Y-%m-%d}"
    state = f"{request.outcome} on {request.closed_at:%Y-%m-%d}"
    return f"{state}: {request.reason}" if request.reason else state


def _figures(request: RegistrantRequest, *, now: datetime) -> dict[str, object]:
    return {
        "number": request.pk,
        "domain": request.domain,
        "asked_of": request.asked_of,
        "right": request.right,
        "asked_by": request.asked_by,
        "asked_at": request.asked_at.isoformat(),
        "due_at": request.due_at.isoformat(),
        "is_overdue": request.closed_at is None and request.due_at < now,
        "outcome": request.outcome,
        "reason": request.reason,
        "closed_at": request.closed_at and request.closed_at.isoformat(),
        "closed_by": request.closed_by,
    }
