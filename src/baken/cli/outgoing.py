"""``baken send``, ``run``, ``halt`` and ``resume``: warnings out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from baken.cli.intake import file_figures, reports_in, say_file
from baken.cli.output import counted, say, say_json
from baken.cli.progress import counting
from baken.cli.session import begin
from baken.cli.store import purge_figures, say_purge
from baken.core.policy import Rule

if TYPE_CHECKING:
    from baken.outbox.services import Outcome, Plan

_REMEDIES: Final = {
    Rule.NO_CONTACT: "no contact has a mail address. Add one with baken import.",
    Rule.CONTACT_UNWANTED: "each mail address they have refused our mail or asked us to stop. "
    "Add another with baken import.",
    Rule.TLP_RED: "what is TLP:RED goes out encrypted, and no channel can do that yet. Tell them "
    "by another way that the source allows.",
}

_NAMES_SHOWN: Final = 10

AsJson = Annotated[bool, typer.Option("--json", help="Print figures as JSON.")]


def send(
    dry_run: Annotated[
        Path | None,
        typer.Option("--dry-run", help="Write the mails into this folder and send nothing."),
    ] = None,
    occasion: Annotated[
        str | None,
        typer.Option(
            "--occasion", help="With --dry-run: only this one's mails, as if it were released."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Plan what is to be told and hand it to the mail server.

    A second run sends exactly what was not yet accepted. Exit code 1 when anything is left over.
    """
    if occasion is not None and dry_run is None:
        raise typer.BadParameter("--occasion goes with --dry-run: all that is planned is sent.")
    settings = begin()
    from baken.jobs.sending import check_sender, deliver, dry_run_into, plan

    if dry_run is not None:
        would_send = dry_run_into(dry_run, settings=settings, occasion_key=occasion)
        figures = {
            "mails": would_send.messages,
            "refused": would_send.refused,
            "folder": str(dry_run),
        }
        if as_json:
            say_json(figures)
        else:
            say(f"{counted(would_send.messages, 'mail')} written to {dry_run}; nothing was sent.")
            if would_send.refused:
                say(f"{would_send.refused:,} would be refused: their address is none.")
        return
    check_sender(settings)
    planned = plan(settings=settings)
    with counting("mails") as progress:
        outcome = deliver(settings=settings, progress=progress)
    if as_json:
        say_json(outcome_figures(planned, outcome))
    else:
        say_outcome(planned, outcome)
    if outcome.left or outcome.refused or planned.unreachable:
        raise typer.Exit(1)


def run(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Reports, or folders of them, to take in first.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Do all of it once: take reports in, mark what is gone, plan, send.

    May be stopped at any point and run again: nothing is lost or told twice.
    """
    settings = begin()
    from baken.jobs.rounds import run_round

    with counting("rows, then mails") as progress:
        done = run_round(
            reports_in(files or []), settings=settings, reading=progress, sending=progress
        )
    if as_json:
        figures = {
            "files": [file_figures(file) for file in done.files],
            "gone": done.gone,
            "purge": purge_figures(done.purge),
        }
        say_json(figures | outcome_figures(done.plan, done.outcome))
    else:
        for file in done.files:
            say_file(file)
        say(f"{counted(done.gone, 'case')} gone.")
        if done.purge.expired or done.purge.swept or done.purge.problem:
            say_purge(done.purge)
        say_outcome(done.plan, done.outcome)
    is_short = done.outcome.left or done.outcome.refused or done.plan.unreachable
    if is_short or done.purge.problem or any(file.refused for file in done.files):
        raise typer.Exit(1)


def halt(reason: Annotated[str, typer.Argument(help="Why; it is kept.")]) -> None:
    """Stop all sending at once, in every process, until `baken resume`."""
    begin()
    from baken.outbox.services import halt_sending

    halt_sending(reason)
    say("Sending is halted. Lift it with baken resume.")


def resume() -> None:
    """Lift the halt; what is planned goes out with the next `baken send`."""
    begin()
    from baken.outbox.services import resume_sending

    resume_sending(now=datetime.now(UTC))
    say("Sending may go on.")


def outcome_figures(planned: Plan, outcome: Outcome) -> dict[str, object]:
    """What planning and handing over came to, as figures."""
    return {
        "notifications_planned": planned.notifications,
        "organisations_unreachable": len({one.organisation_id for one in planned.unreachable}),
        "unreachable": [
            {"reference": reference, "name": name, "rule": rule.value}
            for reference, name, rule in _named(planned)
        ],
        "mails_accepted": outcome.accepted,
        "mails_deferred": outcome.deferred,
        "mails_refused": outcome.refused,
        "mails_left": outcome.left,
        "problem": outcome.problem,
    }


def _named(planned: Plan) -> list[tuple[str, str, Rule]]:
    """Who could not be told of all, and by which rule: reference, name, rule; by name."""
    from baken.constituency.selectors import names_of

    names = names_of({one.organisation_id for one in planned.unreachable})
    found = ((*names[one.organisation_id], one.rule) for one in planned.unreachable)
    return sorted(found, key=lambda who: (who[1], who[0]))


def say_outcome(planned: Plan, outcome: Outcome) -> None:
    """Print what planning and handing over came to, and how to resume."""
    warnings, cases = counted(planned.notifications, "warning"), counted(planned.cases, "case")
    say(f"{warnings} planned about {cases}.")
    by_rule: dict[Rule, list[str]] = {}
    for _, name, rule in _named(planned):
        by_rule.setdefault(rule, []).append(name)
    for rule, names in sorted(by_rule.items()):
        say(f"{counted(len(names), 'organisation')} cannot be told of all: {_REMEDIES[rule]}")
        say(f"    {', '.join(names[:_NAMES_SHOWN])}{' …' if len(names) > _NAMES_SHOWN else ''}")
    say(f"{counted(outcome.accepted, 'mail')} accepted, {outcome.refused:,} refused for good.")
    if outcome.problem:
        say(f"The run stopped early: {outcome.problem}")
    if outcome.left:
        say(f"Left over: {counted(outcome.left, 'mail')}; baken send goes on with exactly these.")
