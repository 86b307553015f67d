"""``baken occasion discover`` and ``baken given-file``: whom to tell about unknown systems."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from baken.cli.output import InLanguage, counted, say, say_json
from baken.cli.progress import counting_of
from baken.cli.session import begin
from baken.core.given_file import GivenFileKind
from baken.core.language import Language
from baken.jobs import EngineName

if TYPE_CHECKING:
    from baken.jobs.discovery import Discovered

given_files_app = typer.Typer(
    help="Files that others gave us to look things up in, with their permission.",
    no_args_is_help=True,
)


def discover(
    key: str,
    engine: Annotated[
        EngineName,
        typer.Option(
            "--engine", help="Where the store is read: on this machine, or on a Spark cluster."
        ),
    ] = EngineName.LOCAL,
    language: InLanguage = Language.EN,
    as_json: Annotated[bool, typer.Option("--json", help="Print figures as JSON.")] = False,
) -> None:
    """Ask the outside whom to tell about the systems under an occasion that nobody registered owns.

    Registries, the DNS and the hosts themselves are asked, within their limits; every request is
    written down. Nobody is warned: that takes two releases and baken send. It may be broken off and
    given again, and goes on where it was. baken explain SYSTEM shows what was found and chosen.
    Exit code 1 when a stored file could not be read.
    """
    settings = begin()
    from baken.jobs.discovery import discover as discover_under

    with counting_of("systems") as progress:
        done = discover_under(key, settings=settings, progress=progress, engine_name=engine)
    if as_json:
        say_json(_figures(done))
    else:
        from baken.explaining.ladders import discovery_lines
        from baken.explaining.passing_on import totals_line
        from baken.explaining.words import words_in
        from baken.outbox.selectors import pass_on_totals

        for line in discovery_lines(
            done.systems,
            done.states,
            unanswered=done.unanswered,
            without_files=done.without_files,
            words=words_in(language),
        ):
            say(line)
        asked = pass_on_totals(done.occasion.pk)
        if asked.systems:
            say(totals_line(asked, words_in(language)))
        for problem in done.problems:
            say(f"{problem.message} {problem.remedy}")
    if done.problems:
        raise typer.Exit(1)


def _figures(done: Discovered) -> dict[str, object]:
    return {
        "occasion": done.occasion.key,
        "systems": done.systems,
        "states": dict(sorted(done.states.items())),
        "questions_asked": done.asked,
        "questions_known": done.known,
        "questions_unanswered": done.unanswered,
        "lookups_without_file": dict(done.without_files),
        "problems": [problem.message for problem in done.problems],
    }


@given_files_app.command(name="add")
def add_file(
    kind: Annotated[GivenFileKind, typer.Argument(help="What it holds.")],
    file: Annotated[Path, typer.Argument(help="The file; it stays where it is.")],
    name: Annotated[str, typer.Option("--name", help="What answers call it.")],
    permission: Annotated[
        str, typer.Option("--permission", help="Who allowed us to use it, for what.")
    ],
    by: Annotated[str, typer.Option("--by", help="Who records it.")],
    until: Annotated[
        datetime,
        typer.Option("--until", formats=["%Y-%m-%d"], help="The day until which it may be used."),
    ],
) -> None:
    """Record a file that may be used to look up whom to tell, with the permission to use it.

    A file of the same kind and name is replaced. When the file changes it has to be recorded again.
    Of a register extract it is said how many entries it holds, and which rows cannot be read.
    """
    begin()
    from baken.jobs.given_files import record_given_file

    contents = record_given_file(
        file,
        kind=kind,
        name=name,
        permission=permission,
        by=by,
        valid_until=until.replace(tzinfo=UTC),
        now=datetime.now(UTC),
    )
    say(f"{name} may be used as {kind.value} until {until:%Y-%m-%d}.")
    if contents is not None:
        say(f"It holds {contents.entries:,} that can be read, and "
            f"{counted(contents.skipped, 'row')} that cannot.")  # fmt: skip
        for row in contents.first_skipped:
            say(f"    line {row.line:,}: {row.why}")
        if contents.skipped > len(contents.first_skipped):
            say(f"    and {contents.skipped - len(contents.first_skipped):,} more")


@given_files_app.command(name="withdraw")
def withdraw_file(kind: GivenFileKind, name: str) -> None:
    """Use a given file no longer. What was chosen by it stays recorded."""
    begin()
    from baken.discovery.services import withdraw_given_file

    withdraw_given_file(kind, name, now=datetime.now(UTC))
    say(f"{name} is not used any more.")


@given_files_app.command(name="list")
def list_files(
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the files that were given to us, and until when each may be used."""
    begin()
    from baken.discovery.selectors import listed_given_files

    files = listed_given_files()
    if as_json:
        say_json(
            {
                "given_files": [
                    {
                        "kind": file.kind,
                        "name": file.name,
                        "path": file.path,
                        "permission": file.permission,
                        "given_by": file.given_by,
                        "given_at": file.given_at.isoformat(),
                        "valid_until": file.valid_until.isoformat(),
                        "withdrawn_at": file.withdrawn_at and file.withdrawn_at.isoformat(),
                    }
                    for file in files
                ]
            }
        )
        return
    for file in files:
        until = "withdrawn" if file.withdrawn_at else f"until {file.valid_until:%Y-%m-%d}"
        say(f"{file.kind:22} {file.name:30} {until:18} {file.permission}")
    if not files:
        say("No files were given to us yet. baken given-file add records one; "
            "docs/howto/warn-companies-you-do-not-know.md says which help.")  # fmt: skip
    else:
        say(f"{counted(len(files), 'file')}.")
