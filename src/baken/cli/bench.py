"""``baken bench``: measurements as commands that print JSON."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from baken.cli.output import say, say_json
from baken.cli.progress import counting, counting_of
from baken.cli.session import begin_bench

app = typer.Typer(help="Measure, and print JSON.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON (it always does).")]


@app.callback()
def measure() -> None:
    """Measure, and print JSON."""


@app.command()
def ingest(
    rows: Annotated[int, typer.Option(help="How many rows.")] = 1_000_000,
    as_json: AsJson = True,
) -> None:
    """Report file to matches: read a made-up CSV report of ROWS rows and match it."""
    del as_json  # figures are always JSON; the flag is there because every command has it
    from baken.bench.ingest import measure_ingest

    say_json(measure_ingest(rows=rows).as_json())


@app.command()
def kernel(
    rows: Annotated[int, typer.Option(help="How many rows of each sort.")] = 10_000_000,
    assets: Annotated[int, typer.Option(help="How many assets.")] = 2_905_000,
    as_json: AsJson = True,
) -> None:
    """Observations to matches in memory: by IPv4, by IPv6, by name, and mixed."""
    del as_json
    from baken.bench.kernel import measure_kernel

    found = measure_kernel(rows=rows, assets=assets)
    say_json({sort: measurement.as_json() for sort, measurement in found.items()})


@app.command()
def store(
    rows: Annotated[int, typer.Option(help="How many rows.")] = 1_000_000,
    as_json: AsJson = True,
) -> None:
    """Observations to the store: write ROWS made-up ones, then read and match them."""
    del as_json
    from baken.bench.store import measure_store

    say_json(measure_store(rows=rows).as_json())


@app.command()
def peers(
    rows: Annotated[int, typer.Option(min=1, help="How many rows.")] = 200_000,
    limit_seconds: Annotated[
        float, typer.Option("--limit-seconds", min=1, help="Stop IntelMQ after so many seconds.")
    ] = 600,
    as_json: AsJson = True,
) -> None:
    """Beside IntelMQ and pytricia: give each the same made-up report of ROWS rows, in turn.

    Installs them in an environment of their own, with pip. One that cannot be is left out, with
    the reason. Exit code 69 when none can.
    """
    del as_json
    from baken.bench.peer_room import peer_room
    from baken.bench.peers import compare_with_peers

    compared = compare_with_peers(
        rows=rows,
        room=peer_room(os.environ),
        limit_seconds=limit_seconds,
        say=lambda text: typer.echo(text, err=True),
    )
    say_json(compared.as_json())


@app.command()
def cases(
    matches: Annotated[int, typer.Option(help="How many matches.")] = 1_000_000,
    as_json: AsJson = True,
) -> None:
    """Matches to cases: open MATCHES of them, then refresh them, in a database of its own."""
    del as_json
    with begin_bench():
        from baken.bench.cases import measure_cases

        say_json(measure_cases(matches=matches).as_json())


@app.command()
def plan(
    organisations: Annotated[int, typer.Option(help="How many organisations.")] = 10_000,
    as_json: AsJson = True,
) -> None:
    """Cases to notifications: plan for ORGANISATIONS organisations, in a database of its own."""
    del as_json
    with begin_bench():
        from baken.bench.cases import measure_plan

        say_json(measure_plan(organisations=organisations).as_json())


@app.command()
def discover(
    systems: Annotated[int, typer.Option(min=1, max=16_384, help="How many systems.")] = 10_000,
    bulk: Annotated[
        bool, typer.Option("--bulk", help="A given file answers about half of the networks.")
    ] = False,
    as_json: AsJson = True,
) -> None:
    """One threat, SYSTEMS systems that nobody registered: whom to tell about each.

    Asks a made-up internet on this machine whose servers answer after 50 ms, where some are dead
    and some mislead, and holds what was chosen against the truth. In a database of its own; nothing
    leaves the machine.
    """
    del as_json
    with begin_bench() as settings:
        from baken.bench.discover import measure_discover

        with counting_of("systems") as progress:
            found = measure_discover(
                systems=systems, settings=settings, with_bulk=bulk, progress=progress
            )
        say_json(found.as_json())


@app.command()
def send(
    mails: Annotated[int, typer.Option(min=1, max=60_000, help="How many mails.")] = 10_000,
    as_json: AsJson = True,
) -> None:
    """One threat, MAILS organisations: planned, composed, and accepted by a local mail server.

    Each gets a mail of its own, with an attachment, about five systems of three kinds. In a
    database of its own; nothing leaves the machine.
    """
    del as_json
    with begin_bench() as settings:
        from baken.bench.send import measure_send

        say_json(measure_send(mails=mails, settings=settings).as_json())


@app.command()
def explain(
    cases: Annotated[int, typer.Option(min=10_000, help="How many cases, about.")] = 1_000_000,
    each: Annotated[int, typer.Option(min=1, help="How many subjects of each sort.")] = 200,
    as_json: AsJson = True,
) -> None:
    """Explain addresses, names and organisations among CASES cases, in a database of its own.

    Gives p50 and p95 in milliseconds, from the question to the lines, without the start of the
    program; for the name and the organisation with most cases too.
    """
    del as_json
    with begin_bench():
        from baken.bench.explain import measure_explain

        found = measure_explain(cases=cases, each=each, say=lambda text: typer.echo(text, err=True))
        say_json(found.as_json())


@app.command()
def lookback(
    rows: Annotated[int, typer.Option(help="How many stored rows.")] = 100_000_000,
    assets: Annotated[int, typer.Option(help="How many assets.")] = 2_905_000,
    as_json: AsJson = True,
) -> None:
    """A new threat over ROWS stored rows, in a database and a store of its own.

    A hundred million rows take some six gigabytes of disk while it runs.
    """
    del as_json
    with begin_bench() as settings:
        from baken.bench.lookback import measure_lookback

        say_json(measure_lookback(rows=rows, assets=assets, settings=settings).as_json())


@app.command()
def growth(
    folder: Annotated[Path, typer.Option(help="Where growth.md and growth.svg are written.")],
    most_rows: Annotated[
        int, typer.Option("--rows", min=100_000, help="Leave out larger steps.")
    ] = 50_000_000,
    as_json: AsJson = True,
) -> None:
    """How the work grows: 100,000 rows to 50 million, 10,000 assets to 3 million.

    Writes a table and a plot. All of it takes some minutes and 14 gigabytes of disk. Needs
    baken[charts].
    """
    del as_json
    from baken.bench.growth import measure_growth

    found = measure_growth(
        folder=folder, most_rows=most_rows, say=lambda text: typer.echo(text, err=True)
    )
    say_json({"measurements": [measurement.as_json() for measurement in found]})


@app.command()
def data(
    folder: Annotated[Path, typer.Argument(help="Where the files are written.")],
    assets: Annotated[int, typer.Option(min=10, help="How many assets, about.")] = 29_050,
    rows: Annotated[int, typer.Option(min=0, help="How many rows of the report.")] = 1_000_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print figures as JSON.")] = False,
) -> None:
    """Write a made-up constituency and a day's report about it, as CSV files.

    For measuring elsewhere with the same data. The networks are in ranges that nobody holds, with
    the prefix lengths of real ones; `baken import` refuses such ranges, as it should.
    """
    from baken.bench.data import write_nation

    with counting("rows") as progress:
        written = write_nation(folder, assets=assets, rows=rows, seed=seed, progress=progress)
    if as_json:
        say_json(
            {
                "files": [str(path) for path in written.files],
                "organisations": written.organisations,
                "assets": written.assets,
                "rows": written.rows,
            }
        )
        return
    for path in written.files:
        say(f"{path} ({path.stat().st_size:,} bytes)")
