"""``baken occasion``: threats, their selection, and the two people who release them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from baken.cli.output import say
from baken.cli.session import begin

app = typer.Typer(help="Threats: make, release by two people, list, close.", no_args_is_help=True)


@app.command()
def new(file: Annotated[Path, typer.Argument(help="A TOML file; see docs/howto.")]) -> None:
    """Make an occasion for one threat from a file. It warns nobody until two people release it."""
    begin()
    from baken.jobs.threats import make_occasion

    occasion = make_occasion(file)
    say(f"Occasion {occasion.key} is made. Two people release it with baken occasion release.")


@app.command()
def release(key: str, by: Annotated[str, typer.Option("--by", help="Who releases it.")]) -> None:
    """Release an occasion; it takes a second person before anybody is warned."""
    begin()
    from baken.occasions.services import release_occasion

    occasion = release_occasion(key, by=by, now=datetime.now(UTC))
    if occasion.released_at:
        say(f"{key} is released by {occasion.released_by} and {occasion.seconded_by}.")
    else:
        say(f"{key} is released by {occasion.released_by}; a second person must do so too.")


@app.command()
def close(key: str) -> None:
    """End an occasion: what waits under it is withdrawn, and nobody is warned any more.

    A mail that may have arrived already is not withdrawn; the next `baken send` tries it again.
    """
    begin()
    from baken.outbox.services import close_threat

    closed = close_threat(key, now=datetime.now(UTC))
    text = _counted(closed.withdrawn, "waited", "is withdrawn", "are withdrawn")
    say(f"{key} is closed; {text}.")
    if closed.in_doubt:
        text = _counted(closed.in_doubt, "may have arrived", "is tried again", "are tried again")
        say(f"{text} under the same Message-ID.")


def _counted(count: int, which: str, singular: str, plural: str) -> str:
    noun, verb = ("warning", singular) if count == 1 else ("warnings", plural)
    return f"{count:,} {noun} that {which} {verb}"


@app.command(name="list")
def list_all() -> None:
    """List the occasions and how they stand."""
    begin()
    from baken.occasions.models import Occasion
    from baken.occasions.selectors import all_occasions

    for occasion in all_occasions():
        state = "standing"
        if occasion.kind == Occasion.Kind.THREAT:
            state = "released" if occasion.released_at else "not released"
        say(f"{occasion.key:40} {'closed' if occasion.closed_at else state:14} {occasion.title}")
