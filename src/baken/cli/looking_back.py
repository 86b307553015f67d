"""``baken match`` and ``baken lookback``: over what is stored once more."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Final

import typer

from baken.cli.output import counted, say, say_json
from baken.cli.progress import counting
from baken.cli.session import begin
from baken.core.policy import Rule
from baken.jobs import EngineName

if TYPE_CHECKING:
    from baken.jobs.looking_back import Lookback

_NAMES_SHOWN: Final = 10

_SILENT: Final = {
    Rule.OPERATOR: "are only the operator, and only an owner is warned",
    Rule.NOT_REGISTERED: "did not sign up, and the threat is not grave enough to warn unasked",
    Rule.TOO_OLD: "were last seen too long ago to be warned",
    Rule.BELOW_MINIMUM: "are below the severity from which we warn",
    Rule.NO_CONTACT: "have no contact with a mail address: add one with baken import",
    Rule.CONTACT_UNWANTED: "have only addresses that refused our mail or asked us to stop",
    Rule.TLP_RED: "are seen in what is TLP:RED, which no channel can encrypt yet",
}

AsJson = Annotated[bool, typer.Option("--json", help="Print figures as JSON.")]
Engine = Annotated[
    EngineName,
    typer.Option("--engine", help="Where it is done: on this machine, or on a Spark cluster."),
]


def match(
    occasion: Annotated[
        str | None, typer.Option("--occasion", help="Only what this occasion selects.")
    ] = None,
    engine: Engine = EngineName.LOCAL,
    as_json: AsJson = False,
) -> None:
    """Match what the store still holds against the constituency of today.

    For when organisations or assets were added after the reports came in, or a threat concerns
    what was seen before. Exit code 1 when a stored file could not be read.
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
            f"{done.rows:,} rows read = {done.rows_matched:,} matched + "
            f"{done.rows - done.rows_matched:,} unmatched; {counted(counts.opened, 'case')} "
            f"opened, {counts.seen_again + counts.reopened:,} were known."
        )
    if done.problems:
        raise typer.Exit(1)


def lookback(
    occasion: Annotated[str, typer.Option("--occasion", help="Which occasion.")],
    engine: Engine = EngineName.LOCAL,
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
        _say(done)
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


def _say(done: Lookback) -> None:
    from baken.constituency.selectors import names_of

    for problem in done.found.problems:
        say(f"{problem.message} {problem.remedy}")
    say(f"{done.occasion.key}: {done.occasion.title}")
    say(
        f"{done.found.rows:,} of {done.rows_held:,} rows in {counted(done.files, 'file')} are "
        f"selected = {done.found.rows_matched:,} matched + "
        f"{done.found.rows - done.found.rows_matched:,} unmatched"
    )
    telling = done.preview.filter(done.preview["tells"])
    told = telling["is_told"].to_pylist().count(True)
    say(
        f"{counted(telling.num_rows, 'organisation')} would be warned; {told:,} of them were told "
        "under it before. Nothing was written or sent."
    )
    shown = telling.slice(0, _NAMES_SHOWN).to_pylist()
    names = names_of([one["organisation_id"] for one in shown])
    for one in shown:
        reference, name = names[one["organisation_id"]]
        say(
            f"    {name} ({reference}): {counted(one['rows'], 'row')}, last seen "
            f"{one['last_seen_at']:%Y-%m-%d %H:%M} UTC"
        )
    if telling.num_rows > len(shown):
        say(f"    and {telling.num_rows - len(shown):,} more; --json names them all")
    for rule, text in _SILENT.items():
        count = done.preview["rule"].to_pylist().count(rule)
        if count:
            say(f"{counted(count, 'organisation')} would not: they {text}.")
    if not done.files:
        say("The store holds nothing that it could select; reports come in with baken ingest.")
    elif telling.num_rows:
        say(f"To warn them: baken match --occasion {done.occasion.key}, then baken send.")
