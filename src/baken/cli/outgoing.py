"""``baken send``, ``run``, ``halt`` and ``resume``: warnings out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from baken.cli.intake import closed_figures, file_figures, reports_in, say_closed, say_file
from baken.cli.output import InLanguage, say, say_json
from baken.cli.progress import counting
from baken.cli.session import begin
from baken.cli.store import purge_figures, say_purge
from baken.core.language import Language

if TYPE_CHECKING:
    from baken.outbox.services import Outcome, Plan

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
    at_once: Annotated[
        bool,
        typer.Option("--now", help="Also what is not urgent and would wait for the next round."),
    ] = False,
    release_brake: Annotated[
        int | None,
        typer.Option(
            "--release-brake", help="Let go what waits for a person: so many, as doctor says."
        ),
    ] = None,
    language: InLanguage = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Plan what is to be told and hand it to the mail server.

    What is not urgent waits for the next urgent warning or the next round (BAKEN_ROUND). A second
    run sends exactly what was not yet accepted. When far more than usual would go out, twenty do,
    and the rest waits for a person (BAKEN_BRAKE_FACTOR); with --release-brake it goes, and nothing
    new is planned.
    Exit code 1 when a mail is left over or refused, or an organisation cannot be told.
    """
    if occasion is not None and dry_run is None:
        raise typer.BadParameter("--occasion goes with --dry-run: all that is planned is sent.")
    settings = begin()
    from baken.explaining.outcomes import dry_run_lines, released_line
    from baken.explaining.words import words_in
    from baken.jobs.discovered_cases import discovered_kept_back
    from baken.jobs.sending import check_sender, deliver, dry_run_into, plan_and_deliver
    from baken.outbox.services import Plan
    from baken.outbox.services import release_brake as release

    if dry_run is not None:
        would_send = dry_run_into(
            dry_run, settings=settings, occasion_key=occasion, holds_round=at_once
        )
        figures = {
            "mails": would_send.messages,
            "refused": would_send.refused,
            "folder": str(dry_run),
            **unreachable_figures(would_send.plan),
            **waiting_figures(would_send.plan),
        }
        if as_json:
            say_json(figures)
        else:
            for line in dry_run_lines(would_send, str(dry_run), words_in(language)):
                say(line)
        return
    check_sender(settings)
    if release_brake is not None:
        planned = Plan()
        released = release(held=release_brake, now=datetime.now(UTC))
        if not as_json:
            say(released_line(released, words_in(language)))
        with counting("mails") as progress:
            outcome = deliver(settings=settings, progress=progress)
    else:
        with counting("mails") as progress:
            planned, outcome = plan_and_deliver(
                settings=settings, progress=progress, holds_round=at_once
            )
    if as_json:
        say_json(outcome_figures(planned, outcome))
    else:
        say_outcome(planned, outcome, language=language)
    if outcome.left or outcome.refused or planned.unreachable or discovered_kept_back():
        raise typer.Exit(1)


def run(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Reports, or folders of them, to take in first.")
    ] = None,
    language: InLanguage = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Do everything once: ingest reports, mark cases gone, purge, plan and send.

    May be stopped at any point: run it again, and it goes on where it stopped. Exit code 1 when a
    report or a mail was refused or is left over, or an organisation cannot be told.
    """
    settings = begin()
    from baken.jobs.discovered_cases import discovered_kept_back
    from baken.jobs.rounds import run_round

    with counting("rows, then mails") as progress:
        done = run_round(
            reports_in(files or []), settings=settings, reading=progress, sending=progress
        )
    if as_json:
        figures = {
            "files": [file_figures(file) for file in done.files],
            **closed_figures(done.closed),
            "purge": purge_figures(done.purge),
        }
        say_json(figures | outcome_figures(done.plan, done.outcome))
    else:
        for file in done.files:
            say_file(file)
        say_closed(done.closed)
        if done.purge.expired or done.purge.swept or done.purge.problem:
            say_purge(done.purge)
        say_outcome(done.plan, done.outcome, language=language)
    is_short = (
        done.outcome.left or done.outcome.refused or done.plan.unreachable or discovered_kept_back()
    )
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
    from baken.jobs.discovered_cases import discovered_kept_back
    from baken.responses.selectors import waiting_by_hand

    return {
        "notifications_planned": planned.notifications,
        "requests_planned": planned.requests,
        "systems_to_pass_on": planned.to_pass_on,
        **unreachable_figures(planned),
        **waiting_figures(planned),
        "mails_accepted": outcome.accepted,
        "mails_deferred": outcome.deferred,
        "mails_refused": outcome.refused,
        "mails_left": outcome.left,
        "problem": outcome.problem,
        "own_fault": outcome.own_fault,
        "waiting_for_a_person": outcome.brake.held if outcome.brake else 0,
        "systems_waiting_for_public_pages": discovered_kept_back(),
        "waiting_by_hand": asdict(waiting_by_hand()),
    }


def unreachable_figures(planned: Plan) -> dict[str, object]:
    """Who could not be told of all, and by which rule."""
    from baken.explaining.outcomes import kept_back_in

    return {
        "organisations_unreachable": len({one.organisation_id for one in planned.unreachable}),
        "unreachable": [
            {"reference": one.reference, "name": one.name, "rule": one.rule.value}
            for one in kept_back_in(planned)
        ],
    }


def waiting_figures(planned: Plan) -> dict[str, object]:
    """What is not urgent and waits, and until when."""
    waiting = planned.waiting
    return {
        "cases_waiting": waiting.cases,
        "organisations_waiting": waiting.organisations,
        "waiting_until": waiting.until and waiting.until.isoformat(),
    }


def say_outcome(planned: Plan, outcome: Outcome, *, language: Language) -> None:
    """Print what planning and handing over came to, and how to resume."""
    from baken.explaining.by_hand import waiting_lines
    from baken.explaining.outcomes import outcome_lines
    from baken.explaining.words import words_in
    from baken.jobs.discovered_cases import discovered_kept_back
    from baken.responses.selectors import waiting_by_hand

    words = words_in(language)
    for line in outcome_lines(planned, outcome, words):
        say(line)
    if kept_back := discovered_kept_back():
        say(words.say("send.discovered_wait", systems=words.counted("system", kept_back)))
    for line in waiting_lines(waiting_by_hand(), words):
        say(line)
