"""The command line: one module a noun, loaded when its command is asked for.

Exit codes: 0 all went well; 1 something did not (a file refused, mail left over); 2 the command was
typed wrong; the others are those of the errors, see docs/reference/errors.md.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated, NoReturn

import typer

from baken.cli import (
    answers,
    bench,
    calls,
    constituency,
    demo,
    discovery,
    doctor,
    explain,
    intake,
    letters,
    looking_back,
    occasions,
    outgoing,
    pass_on,
    registrant_requests,
    routes,
    store,
    suppressions,
    web,
)
from baken.cli.output import printable
from baken.core.errors import (
    BakenError,
    DatabaseUnavailableError,
    OutputRefusedError,
    TextRefusedError,
)

app = typer.Typer(
    name="baken",
    help="Baken: threat reports in, warnings out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _say_version(is_asked: bool) -> None:
    if is_asked:
        print(f"baken {version('baken')}")
        raise typer.Exit


@app.callback()
def baken(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_say_version, help="Say which Baken this is."
        ),
    ] = False,
) -> None:
    """Baken: threat reports in, warnings out."""
    del show_version  # its callback has answered


app.command()(intake.ingest)
app.command()(looking_back.match)
app.command()(looking_back.lookback)
app.command()(store.purge)
app.command()(outgoing.send)
app.command()(outgoing.run)
app.command()(outgoing.halt)
app.command()(outgoing.resume)
app.command()(suppressions.suppress)
app.command(name="import")(constituency.import_files)
app.command()(constituency.export)
app.command()(explain.explain)
app.command()(doctor.doctor)
app.command()(web.web)
app.command(name="answers")(answers.answers)
app.command()(demo.demo)
app.add_typer(occasions.app, name="occasion")
app.add_typer(routes.app, name="route")
app.add_typer(calls.app, name="calls")
app.add_typer(letters.app, name="letters")
app.add_typer(pass_on.app, name="pass-on")
app.add_typer(discovery.given_files_app, name="given-file")
app.add_typer(registrant_requests.app, name="registrant-request")
app.add_typer(bench.app, name="bench")


def main() -> None:
    """Run the command line; an error that a person can see ends it with its own exit code."""
    try:
        app()
    except BakenError as error:
        _stop_on(error)
    except UnicodeEncodeError as error:
        _stop_on(
            TextRefusedError(
                f"{ascii(error.object)[:80]} cannot be written in UTF-8.",
                remedy="Give it in UTF-8; check the encoding of your terminal.",
            )
        )
    except OSError as error:
        _stop_on(
            OutputRefusedError(
                f"{error.filename or 'The machine'}: {error.strerror or error}.",
                remedy="Repair what the machine reports, then give the same command again: what "
                "was finished is kept.",
            )
        )
    except Exception as error:
        if not _is_database_away(error):
            raise
        # Caught here, so that no command has to.
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else "no answer"
        _stop_on(
            DatabaseUnavailableError(
                f"The database stopped answering: {first_line}.",
                remedy="Check that it runs, then give the same command again: what was finished is "
                "kept, what was not starts over.",
            )
        )


def _is_database_away(error: Exception) -> bool:
    """Whether the database server went away; any other error from it is our mistake."""
    import psycopg
    from django.db import InterfaceError, OperationalError

    return isinstance(
        error,
        OperationalError | InterfaceError | psycopg.OperationalError | psycopg.InterfaceError,
    )


def _stop_on(error: BakenError) -> NoReturn:
    text = f"baken: {error.message}\n       {error.remedy} [{error.code}]"
    print(printable(text), file=sys.stderr)
    sys.exit(error.exit_code)
