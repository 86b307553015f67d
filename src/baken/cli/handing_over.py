"""``baken occasion handed-over``: what other CSIRTs warn about instead of us."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

from baken.cli.csv_files import write_csv
from baken.cli.output import InLanguage, say, say_json_with
from baken.cli.progress import counting
from baken.cli.session import begin
from baken.core.language import Language
from baken.jobs import EngineName

_SHOWN: Final = 10


def handed_over(
    key: str,
    csirt: Annotated[
        str | None, typer.Option("--csirt", metavar="NAME", help="Only what this CSIRT gets.")
    ] = None,
    csv_file: Annotated[
        str | None,
        typer.Option("--csv", metavar="FILE", help="Write the systems as CSV; - prints them."),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="How many systems of each CSIRT are shown.")
    ] = _SHOWN,
    engine: Annotated[
        EngineName,
        typer.Option(
            "--engine", help="Where the store is read: on this machine, or on a Spark cluster."
        ),
    ] = EngineName.LOCAL,
    language: InLanguage = Language.EN,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the CSIRTs and all systems as JSON.")
    ] = False,
) -> None:
    """List the systems that other CSIRTs warn about instead of us, per CSIRT.

    As baken occasion discover decided last, by what the store still holds, with the newest sighting
    first. What the source must permit first is only counted. Nothing is sent: hand it over
    yourself, under the label of each line. Exit code 1 when a stored file could not be read.
    """
    if csv_file is not None and as_json:
        raise typer.BadParameter("Choose one of --csv and --json.")
    settings = begin()
    from baken.explaining.handed_over import (
        HANDED_OVER_COLUMNS,
        handed_over_figures,
        handed_over_lines,
        handed_over_rows,
    )
    from baken.explaining.words import words_in
    from baken.jobs.handing_over import find_handed_over
    from baken.jobs.sending import sender_of

    with counting("rows selected") as progress:
        done = find_handed_over(
            key, settings=settings, progress=progress, csirt=csirt, engine_name=engine
        )
    problems = [f"{problem.message} {problem.remedy}" for problem in done.problems]
    rows = handed_over_rows(done.shares, sources=sender_of(settings).sources)
    if as_json:
        figures = {
            "occasion": done.key,
            "csirts": handed_over_figures(done.shares),
            "problems": problems,
        }
        say_json_with(figures, "systems", rows, counted_as="systems_listed")
    elif csv_file is not None:
        for problem in problems:
            print(problem, file=sys.stderr)
        lines = (list(row.values()) for row in rows)
        write_csv(csv_file, lines, columns=HANDED_OVER_COLUMNS)
    else:
        for problem in problems:
            say(problem)
        lines_of_text = handed_over_lines(
            done.shares, key=key, newest=limit, words=words_in(language)
        )
        for line in lines_of_text:
            say(line)
    if problems:
        raise typer.Exit(1)
