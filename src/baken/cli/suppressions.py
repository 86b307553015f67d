"""``baken suppress``: addresses to which we send nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from baken.cli.output import say, say_json
from baken.cli.session import begin


def suppress(
    address: Annotated[str | None, typer.Argument(help="Without it, all are listed.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept.")] = "asked us to stop",
    lift: Annotated[bool, typer.Option("--lift", help="Let ADDRESS be warned again.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """Send nothing to ADDRESS from now on; without ADDRESS, list the suppressed addresses.

    Mails that wait for it are withdrawn, and another contact of the organisation is told instead.
    """
    settings = begin()
    if address is None:
        if lift:
            raise typer.BadParameter("--lift needs an address.")
        _list(as_json=as_json)
    elif lift:
        from baken.jobs.roads import address_of
        from baken.outbox.services import lift_suppression

        lift_suppression(address_of(address))
        say(f"{address} may be warned again.")
    else:
        from baken.jobs.health import silenced_by
        from baken.jobs.roads import address_of
        from baken.outbox.services import suppress_address

        done = suppress_address(address_of(address), reason=reason)
        say(f"{done.address} gets nothing any more; mails withdrawn: {done.withdrawn:,}.")
        if not done.is_known:
            say(f"Note: no contact has {done.address}. Compare it with the list of baken export.")
        for name in silenced_by(done.address, settings=settings, now=datetime.now(UTC)):
            say(f"Note: {name} has no other mail address, and hears nothing from now on. "
                "Add one with baken import.")  # fmt: skip
        if done.in_doubt:
            say(f"Mails that may have arrived and are not tried again: {done.in_doubt:,}.")


def _list(*, as_json: bool) -> None:
    from baken.outbox.selectors import suppressions

    found = list(suppressions())
    if as_json:
        say_json(
            {
                "suppressed": [
                    {"address": one.address, "reason": one.reason, "since": one.created_at}
                    for one in found
                ]
            }
        )
        return
    for one in found:
        say(f"{one.address}  since {one.created_at:%Y-%m-%d}: {one.reason}")
    if not found:
        say("No address is suppressed. baken suppress ADDRESS adds one.")
