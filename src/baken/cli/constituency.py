"""``baken import`` and ``baken export``: who is warned."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from baken.cli.output import counted, say, say_json
from baken.cli.session import begin

_SHOWN = 20


def import_files(
    files: Annotated[list[Path], typer.Argument(help="CSV or XLSX; see docs/howto.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen and change nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print figures as JSON.")] = False,
) -> None:
    """Import organisations, contacts, assets and routes. A bad row does not stop the others.

    When assets changed, open cases are matched again: what waits goes to whose system it is now.

    Exit code 1 when a row or a file was refused.
    """
    settings = begin()
    from baken.cases.services import MatchedAgain
    from baken.constituency.selectors import organisations_with_domains_only
    from baken.constituency.services import dry_run_import, import_constituency
    from baken.intake.selectors import stored_files
    from baken.jobs.matching_again import match_what_waits
    from baken.jobs.roads import address_readers

    bring_in = dry_run_import if dry_run else import_constituency
    outcome = bring_in(
        files,
        allow_documentation=settings.allow_documentation_ranges,
        default_language=settings.default_language,
        address_readers=address_readers(),
    )
    again = MatchedAgain() if dry_run else match_what_waits(settings)
    domains_only = len(organisations_with_domains_only(now=datetime.now(UTC)))
    if as_json:
        say_json({**asdict(outcome), "domains_only": domains_only, "matched_again": asdict(again)})
    else:
        for name in ("organisations", "contacts", "assets", "routes"):
            counts = getattr(outcome, name)
            if name == "routes" and not counts.rows:
                continue
            say(
                f"{name}: {counts.created:,} new, {counts.updated:,} changed, "
                f"{counts.unchanged:,} as they were, {counts.refused:,} refused"
            )
        for problem in outcome.problems[:_SHOWN]:
            where = f"{problem.place}: {problem.value!r}" if problem.value else problem.place
            say(f"  {where}: {problem.explanation} {problem.remedy} [{problem.reason}]")
        if len(outcome.problems) > _SHOWN:
            say(f"  and {len(outcome.problems) - _SHOWN:,} more; --json lists them all")
        for note in outcome.notes:
            say(f"  note: {note.file}: {note.text}")
        for overlap in outcome.overlaps.first[:_SHOWN]:
            say(
                f"  overlap: {overlap.asset} of {overlap.organisation} {overlap.relation} "
                f"{overlap.other_asset} of {overlap.other_organisation}"
            )
        if outcome.overlaps.count > _SHOWN:
            say(f"  and {outcome.overlaps.count - _SHOWN:,} more overlaps")
        if domains_only:
            who = counted(domains_only, "organisation")
            say(
                f"  note: {who} with domains only: a reverse name or a certificate makes nobody an "
                "owner. baken doctor shows how often reports named them so."
            )
        if again.moved or again.released or again.opened:
            say(
                f"open cases matched again: {again.moved:,} matched otherwise, "
                f"{again.released:,} no longer told to who had them, {again.opened:,} new"
            )
        if outcome.assets.created and not dry_run and stored_files().exists():
            say(
                f"{counted(outcome.assets.created, 'new asset')}: baken match finds what was seen "
                "there before, in the reports that were read already."
            )
        if dry_run:
            say("This was a dry run: nothing was changed.")
    if outcome.problems:
        raise typer.Exit(1)


def export(
    path: Annotated[Path, typer.Argument(help="A folder for the CSV files, or an .xlsx file.")],
) -> None:
    """Write the constituency as import takes it."""
    begin()
    from baken.constituency.services import export_constituency

    done = export_constituency(path)
    parts = [counted(done.organisations, "organisation"), counted(done.contacts, "contact")]
    if done.routes:
        parts += [counted(done.assets, "asset"), counted(done.routes, "further route")]
    else:
        parts.append(counted(done.assets, "asset"))
    files = ", ".join(os.fspath(file) for file in done.files)
    say(f"{', '.join(parts[:-1])} and {parts[-1]} written to {files}.")
