"""``baken route``: the ways to contacts, and what counts against them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from baken.cli.output import counted, say, say_json
from baken.cli.session import begin
from baken.core.lookup import FoundChannel

_SHOWN: Final = 20

app = typer.Typer(help="Routes: the ways to contacts.", no_args_is_help=True)


@app.callback()
def routes() -> None:
    """Routes: the ways to contacts."""


@app.command()
def add(
    what: Annotated[
        str,
        typer.Argument(help="An organisation that we know, or a system: its address or host name."),
    ],
    source: Annotated[str, typer.Option("--source", help="Where it was found.")],
    by: Annotated[str, typer.Option("--by", help="Who found it.")],
    mail: Annotated[str, typer.Option("--mail", help="A mail address.")] = "",
    phone: Annotated[str, typer.Option("--phone", help="A telephone number.")] = "",
    letter: Annotated[
        str, typer.Option("--letter", help="A postal address; its lines with ; between them.")
    ] = "",
    organisation: Annotated[
        str, typer.Option("--organisation", help="Whose the system is, by name.")
    ] = "",
) -> None:
    """Record a route that you found to an organisation, or to whom a system belongs.

    For a system it counts with the next baken occasion discover, before anything that was looked
    up, for ninety days.
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
    if len(given) != 1:
        raise typer.BadParameter("Give one of --mail, --phone and --letter.")
    begin()
    from baken.jobs.found_routes import add_route

    ((channel, address),) = given.items()
    name = add_route(
        what,
        channel=channel,
        address=address,
        organisation=organisation,
        source=source,
        by=by,
        now=datetime.now(UTC),
    )
    say(f"{channel.value.capitalize()} {address} leads to {name}.")


@app.command(name="forget-refusals")
def forget_refusals(
    address: Annotated[str | None, typer.Argument(help="Only its refusals.")] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since",
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"],
            help="Only refusals from then on, UTC.",
        ),
    ] = None,
    all_of_them: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen and change nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print figures as JSON.")] = False,
) -> None:
    """Forget that addresses refused our mail: the next planning uses them again.

    An address that refused our mail is passed over for seven days, and one whose mailbox was full
    comes after others for a day. Deliveries stay as they are. What asked us to stop is lifted with
    baken suppress --lift.
    """
    if address is None and since is None and not all_of_them and not dry_run:
        raise typer.BadParameter("Give an address, --since or --all; --dry-run lists the refusals.")
    begin()
    from baken.jobs.roads import address_of
    from baken.outbox.selectors import counting_refusals
    from baken.outbox.services import forget_refusals as forget

    now = datetime.now(UTC)
    to = address_of(address) if address else ""
    after = since.replace(tzinfo=UTC) if since else None
    found = counting_refusals(address=to, since=after, now=now)
    forgotten = 0
    if not dry_run:
        forgotten = forget(address=to, since=after, reason="baken route forget-refusals", now=now)
    if as_json:
        say_json(
            {
                "forgotten": forgotten,
                "refusals": [
                    {
                        "address": one.address,
                        "organisation": one.organisation,
                        "at": one.refused_at,
                        "reply": one.reply,
                    }
                    for one in found
                ],
            }
        )
        return
    for one in found[:_SHOWN]:
        at = f"{one.refused_at:%Y-%m-%d %H:%M} UTC"
        say(f"{one.address} of {one.organisation}, {at}: {one.reply}")
    if len(found) > _SHOWN:
        say(f"and {len(found) - _SHOWN:,} more; --json lists them all")
    if dry_run:
        say(f"{counted(len(found), 'refusal')} would be forgotten. This was a dry run: nothing "
            "was changed.")  # fmt: skip
    else:
        say(f"{counted(forgotten, 'refusal')} forgotten: the next baken send uses these addresses "
            "again.")  # fmt: skip
