"""``baken doctor``: what is wrong with this installation, and what to do about each thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from baken.cli.output import InLanguage, say, say_json
from baken.cli.session import begin_reading
from baken.core.errors import BakenError
from baken.core.language import Language

if TYPE_CHECKING:
    from baken.explaining.health_checks import Check


def doctor(
    language: InLanguage = Language.EN,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Check settings, database, store, mail server, feeds and contacts; say how to repair each.

    Exit code 1 when anything is wrong.
    """
    from baken.explaining.health import health_lines, health_of
    from baken.explaining.words import words_in

    words = words_in(language)
    found = [health_of(check, words) for check in _examine()]
    if as_json:
        say_json({"checks": [asdict(health) for health in found]})
    else:
        for health in found:
            for line in health_lines(health, words):
                say(line)
    if not all(health.is_well for health in found):
        raise typer.Exit(1)


def _examine() -> Iterator[Check]:
    from baken.explaining.health_checks import QuotedCheck

    try:
        settings = begin_reading()
    except BakenError as error:
        yield QuotedCheck(error.code, False, error.message, error.remedy)
        return
    from baken.jobs.health import examine

    yield from examine(settings, now=datetime.now(UTC))
