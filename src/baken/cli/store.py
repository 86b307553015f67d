"""``baken purge``: the store kept to its days."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from baken.cli.output import say, say_json
from baken.cli.session import begin

if TYPE_CHECKING:
    from baken.intake.services import Purge


def purge(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed and change nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print figures as JSON.")] = False,
) -> None:
    """Remove from the store what is older than BAKEN_STORE_DAYS; only counts stay.

    Also removes files that a crash left behind more than a day ago. `baken run` does this each
    time, unless more than seven days of it expire at once: then look at the clock, and give this
    command. Exit code 1 when the store failed halfway; the next run goes on.
    """
    settings = begin()
    from baken.jobs.retention import dry_run_of_purge, purge_store

    done = dry_run_of_purge(settings=settings) if dry_run else purge_store(settings=settings)
    if as_json:
        say_json(purge_figures(done) | {"dry_run": dry_run})
    else:
        say_purge(done)
        if dry_run:
            say("This was a dry run: nothing was removed.")
    if done.problem is not None:
        raise typer.Exit(1)


def purge_figures(done: Purge) -> dict[str, object]:
    """What a purge came to, as figures."""
    return {
        "before": done.before,
        "expired": [asdict(one) for one in done.expired],
        "files_removed": done.removed,
        "files_swept": done.swept,
        "problem": None if done.problem is None else done.problem.message,
    }


def say_purge(done: Purge) -> None:
    """Print what a purge came to."""
    for one in done.expired:
        say(
            f"{one.feed}: {one.rows:,} rows in {one.files:,} files ({one.size_bytes:,} bytes) "
            f"from before {done.before} or replaced."
        )
    say(f"{done.removed:,} expired files, {done.swept:,} that no batch lists.")
    if done.problem is not None:
        say(f"The purge stopped early: {done.problem.message} {done.problem.remedy}")
