"""``baken ingest``: reports in, cases opened."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from baken.cli.output import counted, say, say_json
from baken.cli.progress import counting
from baken.cli.session import begin

if TYPE_CHECKING:
    from baken.cases.services import ClosedCases
    from baken.jobs.ingestion import IngestedFile


def ingest(
    files: Annotated[
        list[Path], typer.Argument(help="Reports, of any feeds at once; or folders of them.")
    ],
    feed: Annotated[
        str | None,
        typer.Option("--feed", help="The feed of these reports, when the files do not tell."),
    ] = None,
    report_type: Annotated[
        str | None, typer.Option("--type", help="The report type, when the file name lacks it.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Read files whose content is known once more.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print figures as JSON.")] = False,
) -> None:
    """Read reports: store their rows, match them, open cases, quarantine what cannot be read.

    Each file is read by the feed that recognises it, unless --feed names one. Marks the cases gone
    that their feed no longer sees, and those no longer looked at whose feed fell silent. Warns
    nobody: `baken send` does that.
    Exit code 1 when a file was refused.
    """
    settings = begin()
    from baken.jobs.ingestion import ReadAgain, ReadOnce, close_gone_cases, ingest_files

    done = []
    with counting("rows") as progress:
        for file in ingest_files(
            reports_in(files),
            settings=settings,
            feed_key=feed,
            report_type=report_type,
            accept=ReadAgain if again else ReadOnce,
            progress=progress,
        ):
            done.append(file)
            if not as_json:
                say_file(file)
    closed = close_gone_cases(settings=settings)
    if as_json:
        say_json({"files": [file_figures(file) for file in done], **closed_figures(closed)})
    else:
        say_closed(closed)
    if any(file.refused for file in done):
        raise typer.Exit(1)


def reports_in(paths: Iterable[Path]) -> list[Path]:
    """`paths`, each folder replaced by the reports in it, in the order of their names."""
    from baken.jobs.feed_choice import is_report_name

    found: list[Path] = []
    for path in paths:
        try:
            inside = list(path.iterdir()) if path.is_dir() else []
        except OSError:  # reading it says what is wrong with it
            inside = []
        # A folder without any is handed on, and refused with a word.
        found += sorted(file for file in inside if is_report_name(file.name)) or [path]
    return found


def say_file(file: IngestedFile) -> None:
    """Print what became of one file."""
    if file.refused is not None:
        why = f"{file.refused.message} {file.refused.remedy} [{file.refused.code}]"
        say(f"{file.path.name}: refused. {why}")
        return
    assert file.accepted is not None
    accepted, rows = file.accepted, file.accepted.rows
    if accepted.is_known:
        say(f"{file.path.name}: known already (batch {accepted.batch.pk}); "
            "baken ingest --again reads it anew.")  # fmt: skip
        return
    say(
        f"{file.path.name}: {counted(rows.read, 'row')} read = {rows.matched:,} matched + "
        f"{rows.unmatched:,} unmatched + {rows.quarantined:,} quarantined; "
        f"{counted(accepted.cases.opened, 'case')} opened, {accepted.cases.seen_again:,} seen again"
    )
    if hinted := accepted.hinted.rows:
        rows_hinted = counted(hinted, "row")
        whose = counted(accepted.hinted.organisations, "organisation")
        say(
            f"    note: {rows_hinted} with a domain of {whose} only as a reverse name or "
            "in a certificate; that makes nobody an owner"
        )
    for warning in accepted.batch.warnings:
        say(f"    note: {warning}")
    for row in accepted.batch.quarantined_rows.all()[:5]:
        say(f"    line {row.line}: {row.explanation}")
    if rows.quarantined > 5:
        say(f"    and {rows.quarantined - 5:,} more rows in quarantine")


def say_closed(closed: ClosedCases) -> None:
    """Print how many cases are not open any more."""
    text = f"{counted(closed.gone, 'case')} gone"
    if closed.not_looked_at:
        left = counted(closed.not_looked_at, "case")
        text += f", {left} no longer looked at: the feed fell silent"
    say(f"{text}.")


def closed_figures(closed: ClosedCases) -> dict[str, object]:
    """How many cases are not open any more, as figures."""
    return {"gone": closed.gone, "not_looked_at": closed.not_looked_at}


def file_figures(file: IngestedFile) -> dict[str, object]:
    """What became of one file, as figures."""
    if file.refused is not None:
        return {"file": file.path.name, "refused": file.refused.code, "why": file.refused.message}
    assert file.accepted is not None
    rows, batch = file.accepted.rows, file.accepted.batch
    return {
        "file": file.path.name,
        "batch": batch.pk,
        "feed": batch.feed,
        "report_type": batch.report_type,
        "known": file.accepted.is_known,
        "rows_read": rows.read,
        "rows_matched": rows.matched,
        "rows_unmatched": rows.unmatched,
        "rows_quarantined": rows.quarantined,
        "rows_hinted": file.accepted.hinted.rows,
        "cases_opened": file.accepted.cases.opened,
        "warnings": batch.warnings,
    }
