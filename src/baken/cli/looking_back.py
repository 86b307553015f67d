"""``baken match`` and ``baken lookback``: over what is stored once more."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from baken.cli.output import InLanguage, counted, say, say_json
from baken.cli.progress import counting
from baken.cli.session import begin
from baken.core.language import Language
from baken.jobs import EngineName

if TYPE_CHECKING:
    from baken.jobs.looking_back import Lookback

AsJson = Annotated[bool, typer.Option("--json", help="Print figures as JSON.")]
Engine = Annotated[
    EngineName,
    typer.Option("--engine", help="Where the work runs: on this machine, or on a Spark cluster."),
]


def match(
    occasion: Annotated[
        str | None, typer.Option("--occasion", help="Only what this occasion selects.")
    ] = None,
    engine: Engine = EngineName.LOCAL,
    as_json: AsJson = False,
) -> None:
    """Match what the store still holds against the constituency of today.

    Use it when organisations or assets were added after the reports came in, or when a threat
    concerns what was seen before. Exit code 1 when a stored file could not be read.
    """
    settings = begin()
    from baken.jobs.looking_back import match_again

    with counting("rows") as progress:
        done = match_again(
            settings=settings, progress=progress, occasion_key=occasion, engine_name=engine
        )
    counts = done.cases
    if as_json:
        say_json(
            {
                "rows_read": done.rows,
                "rows_matched": done.rows_matched,
                "rows_unmatched": done.rows - done.rows_matched,
                "cases_opened": counts.opened,
                "cases_known": counts.seen_again + counts.reopened,
                "problems": [problem.message for problem in done.problems],
            }
        )
    else:
        for problem in done.problems:
            say(f"{problem.message} {problem.remedy}")
        say(
            f"{counted(done.rows, 'row')} read = {done.rows_matched:,} matched + "
            f"{done.rows - done.rows_matched:,} unmatched; {counted(counts.opened, 'case')} "
            f"opened, {counts.seen_again + counts.reopened:,} were known."
        )
    if done.problems:
        raise typer.Exit(1)


def lookback(
    occasion: Annotated[str, typer.Option("--occasion", help="Which occasion.")],
    engine: Engine = EngineName.LOCAL,
    language: InLanguage = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Show how many organisations an occasion would warn, by all that the store still holds.

    Writes and sends nothing. To warn them: release the occasion, then `baken match --occasion`
    opens the cases, and `baken send` tells. Exit code 1 when a stored file could not be read.
    """
    settings = begin()
    from baken.jobs.looking_back import look_back_for

    with counting("rows selected") as progress:
        done = look_back_for(occasion, settings=settings, progress=progress, engine_name=engine)
    if as_json:
        say_json(_figures(done))
    else:
        _say(done, language)
    if done.found.problems:
        raise typer.Exit(1)


def _figures(done: Lookback) -> dict[str, object]:
    from baken.constituency.selectors import names_of

    previewed = done.preview.to_pylist()
    names = names_of([one["organisation_id"] for one in previewed])
    telling = [one for one in previewed if one["tells"]]
    return {
        "occasion": done.occasion.key,
        "files_read": done.files,
        "rows_held": done.rows_held,
        "rows_selected": done.found.rows,
        "rows_matched": done.found.rows_matched,
        "rows_unmatched": done.found.rows - done.found.rows_matched,
        "systems_unknown": done.found.systems_unknown,
        "organisations_seen": len(previewed),
        "organisations_to_warn": len(telling),
        "organisations_told_before": sum(one["is_told"] for one in telling),
        "organisations_silent": Counter(one["rule"] for one in previewed if not one["tells"]),
        "organisations": [
            {
                "reference": names[one["organisation_id"]][0],
                "name": names[one["organisation_id"]][1],
                "would_be_warned": one["tells"],
                "rule": one["rule"],
                "told_before": one["is_told"],
                "rows": one["rows"],
                "first_seen_at": one["first_seen_at"].isoformat(),
                "last_seen_at": one["last_seen_at"].isoformat(),
            }
            for one in previewed
            if one["organisation_id"] in names
        ],
        "problems": [problem.message for problem in done.found.problems],
    }


def _say(done: Lookback, language: Language) -> None:
    from baken.explaining.lookbacks import explain_lookback, lookback_lines
    from baken.explaining.words import words_in

    explained = explain_lookback(
        done.found,
        done.preview,
        occasion=done.occasion.key,
        title=done.occasion.title,
        is_released=not done.occasion.is_threat or done.occasion.released_at is not None,
        is_closed=done.occasion.closed_at is not None,
        files=done.files,
        rows_held=done.rows_held,
    )
    for line in lookback_lines(explained, words_in(language)):
        say(line)
