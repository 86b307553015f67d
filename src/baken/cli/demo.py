"""``baken demo``: a made-up day from report to warning, on this machine only."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from baken.cli.demo_threat import say_warned, warn_unknown
from baken.cli.mail_screen import say_first_screen
from baken.cli.output import say, say_json
from baken.cli.progress import counting
from baken.cli.session import DEMO_HOME, begin_demo
from baken.core.language import Language
from baken.core.policy import Policy
from baken.settings.environment import Settings

if TYPE_CHECKING:
    from baken.jobs.ingestion import IngestedFile

ROWS: Final = 50_000
_SEED: Final = 20_260_324
_ORGANISATIONS_SHOWN: Final = 12
_ADDRESS_SHOWN: Final = ip_address("198.51.100.7")


def demo(
    as_json: Annotated[bool, typer.Option("--json", help="Print figures as JSON.")] = False,
) -> None:
    """Show all of it at work: 60 made-up organisations, 50,000 rows, a local mail server.

    Then a grave threat, and systems of companies that never signed up: whom to tell is asked of a
    made-up internet on this machine. Uses a folder and a database of its own and starts afresh each
    time. Nothing leaves the machine.
    """
    started = time.monotonic()
    settings = begin_demo()
    from baken.jobs.sending import policy_of
    from baken.specimen.mail_server import FolderMailServer

    mailbox = DEMO_HOME / "mailbox"
    _start_afresh(mailbox)
    with FolderMailServer(mailbox) as server:
        smtp = replace(settings.smtp, host=server.host, port=server.port)
        files, figures = _work(mailbox, settings=replace(settings, smtp=smtp))
    figures["seconds"] = round(time.monotonic() - started, 1)
    if not as_json:
        _tell(files, figures, mailbox, policy_of(settings))
    warned = warn_unknown(DEMO_HOME, settings=settings)
    figures |= warned.figures() | {"seconds": round(time.monotonic() - started, 1)}
    if as_json:
        say_json(figures)
        return
    say_warned(warned)
    _say_what_next(figures["seconds"])


def _start_afresh(mailbox: Path) -> None:
    from django.core.management import call_command

    call_command("flush", interactive=False, verbosity=0)
    for folder in (mailbox, DEMO_HOME / "store", DEMO_HOME / "reports", DEMO_HOME / "constituency"):
        shutil.rmtree(folder, ignore_errors=True)


def _work(mailbox: Path, *, settings: Settings) -> tuple[Sequence[IngestedFile], dict[str, Any]]:
    from baken.constituency.services import import_constituency
    from baken.jobs.rounds import run_round
    from baken.outbox.selectors import outbox_totals
    from baken.specimen.constituency import made_up_organisations, write_constituency
    from baken.specimen.reports import write_day

    organisations = made_up_organisations()
    tables = write_constituency(DEMO_HOME / "constituency", organisations)
    imported = import_constituency(tables, allow_documentation=True)
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    reports = write_day(
        DEMO_HOME / "reports",
        day=yesterday,
        organisations=organisations,
        rows=ROWS,
        seed=_SEED,
    )
    with counting("rows") as progress:
        done = run_round(reports, settings=settings, reading=progress, sending=progress)
    rows = [file.accepted.rows for file in done.files if file.accepted]
    totals = outbox_totals()
    return done.files, {
        "rows_read": sum(one.read for one in rows),
        "rows_matched": sum(one.matched for one in rows),
        "rows_unmatched": sum(one.unmatched for one in rows),
        "rows_quarantined": sum(one.quarantined for one in rows),
        "organisations_warned": totals.organisations_warned,
        "mails_accepted": totals.accepted,
        "mailbox": str(mailbox),
        "assets_refused": len(imported.problems),
        "organisations_unreachable": len({one.organisation_id for one in done.plan.unreachable}),
    }


def _tell(
    files: Sequence[IngestedFile], figures: Mapping[str, Any], mailbox: Path, policy: Policy
) -> None:
    from baken.cli.intake import say_file
    from baken.intake.selectors import quarantine_reasons

    for file in files:
        say_file(file)
    say()
    _show_first_screens(mailbox)
    _explain_two(policy)
    _say_who_was_warned()
    say("Quarantined: " + ", ".join(f"{count} {why}" for why, count in quarantine_reasons()))
    say()
    say(
        f"{figures['rows_read']:,} rows read = {figures['rows_matched']:,} matched + "
        f"{figures['rows_unmatched']:,} unmatched + {figures['rows_quarantined']:,} quarantined."
    )
    say(
        f"{figures['organisations_warned']} organisations were warned in "
        f"{figures['mails_accepted']} mails; {figures['organisations_unreachable']} have no "
        "contact and could not be."
    )
    say(f"The mails are in {mailbox} ({figures['seconds']} seconds in all).\n")


def _say_what_next(seconds: float) -> None:
    from baken.specimen.grave_threat import TOLD_IN_WORDS

    say(f"All of it took {seconds} seconds.\nAsk about addresses of the demo:")
    for address, owner in ((_ADDRESS_SHOWN, "signed up"), (TOLD_IN_WORDS[1], "never signed up")):
        say(f"  {_as_called()} explain {address!s:15}   its owner {owner}")


def _as_called() -> str:
    """How to call this program from this folder: it need not be on the path."""
    program = Path(sys.argv[0])
    is_here = program.is_absolute() and program.is_relative_to(Path.cwd())
    return str(program.relative_to(Path.cwd())) if is_here else program.name


def _say_who_was_warned() -> None:
    from baken.outbox.selectors import warned_organisations

    warned = warned_organisations()
    say("Who was warned about what (systems):")
    for name, kinds in warned[:_ORGANISATIONS_SHOWN]:
        told = ", ".join(f"{kind} ({count})" for kind, count in kinds[:5])
        more = f" and {len(kinds) - 5} kinds more" if len(kinds) > 5 else ""
        say(f"  {name}: {told}{more}")
    say(f"  and {len(warned) - _ORGANISATIONS_SHOWN} organisations more\n")


def _show_first_screens(mailbox: Path) -> None:
    """What two readers see first, one of each language."""
    from baken.outbox.selectors import accepted_notification
    from baken.specimen.mail_server import read_mail

    shown = {str(one.pk): language for language in Language
             if (one := accepted_notification(language=language)) is not None}  # fmt: skip
    for path in sorted(mailbox.glob("*.eml")):
        mail = read_mail(path)
        reference = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        if reference in shown:
            say(f"The first screen of a mail in {shown.pop(reference)}, {path}:")
            say_first_screen(mail)
            say()


def _explain_two(policy: Policy) -> None:
    from baken.cases.selectors import cases_of_address, untold_case_of_an_operator
    from baken.explaining.cases import case_lines, explain_cases
    from baken.explaining.words import words_in

    now = datetime.now(UTC)
    told = next((case for case in cases_of_address(_ADDRESS_SHOWN) if case.told_at), None)
    silent = untold_case_of_an_operator()
    for title, case in (("One match, explained:", told), ("One silence, explained:", silent)):
        if case is not None:
            say(title)
            (explained,) = explain_cases([case], policy=policy, now=now)
            for line in case_lines(explained, words_in(Language.EN)):
                say(line)
            say()
