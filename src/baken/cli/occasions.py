"""``baken occasion``: threats, their selection, and the two people who release them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from baken.cli.discovery import discover
from baken.cli.handing_over import handed_over
from baken.cli.output import counted, say, say_json
from baken.cli.session import begin
from baken.cli.unknown_systems import unknown
from baken.core.classification import Severity, Tlp
from baken.core.language import Language
from baken.core.rules import Rule
from baken.core.selection import Selection

app = typer.Typer(help="Threats: make, release by two people, list, close.", no_args_is_help=True)
app.command()(unknown)
app.command()(discover)
app.command(name="handed-over")(handed_over)


@app.command()
def new(file: Annotated[Path, typer.Argument(help="A TOML file; see docs/howto.")]) -> None:
    """Make an occasion for one threat from a file. It warns nobody until two people release it."""
    settings = begin()
    from baken.explaining.rules import reason_of, remedy_of
    from baken.explaining.words import words_in
    from baken.jobs.sending import policy_of
    from baken.jobs.threats import make_occasion

    occasion = make_occasion(file)
    say(f"Occasion {occasion.key} is made. See whom it concerns: baken lookback --occasion "
        f"{occasion.key}")  # fmt: skip
    if policy_of(settings).has_channel_for(Tlp(occasion.tlp)):
        say("Then two people release it with baken occasion release.")
    else:
        words = words_in(Language.EN)
        say(f"Nobody can be warned under it: {reason_of(Rule.TLP_RED, words)}. "
            f"{remedy_of(Rule.TLP_RED, words)}")  # fmt: skip


@app.command()
def show(
    key: str,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show one occasion: its rating, what it selects, who released it, and what it covers now."""
    begin()
    from baken.cases.selectors import coverage_of
    from baken.discovery.selectors import states_under
    from baken.explaining.passing_on import totals_line
    from baken.explaining.words import words_in
    from baken.occasions.selectors import find_occasion
    from baken.outbox.selectors import (
        accepted_by_channel,
        notification_states_under,
        pass_on_totals,
    )

    occasion = find_occasion(key)
    coverage, states = coverage_of(occasion), notification_states_under(occasion)
    sought, channels = states_under(occasion), accepted_by_channel(occasion)
    asked = pass_on_totals(occasion.pk)
    sides = _selected(occasion.selection)
    releases = [name for name in (occasion.released_by, occasion.seconded_by) if name]
    figures = {
        "key": occasion.key,
        "title": occasion.title,
        "kind": occasion.kind,
        "likelihood": occasion.get_likelihood_display(),
        "impact": occasion.get_impact_display(),
        "tlp": occasion.tlp,
        "pap": occasion.pap,
        "selection": sides,
        "released_by": releases,
        "released_at": occasion.released_at,
        "closed_at": occasion.closed_at,
        "open_cases": coverage.open_cases,
        "organisations": coverage.organisations,
        "notifications": states,
        "accepted_by_channel": channels,
        "unknown_systems": sought,
        "to_pass_on": asdict(asked),
    }
    if as_json:
        say_json(figures)
        return
    say(f"{occasion.key}: {occasion.title} ({occasion.kind}, {occasion.tlp}, {occasion.pap})")
    if occasion.likelihood:
        say(f"    likelihood {figures['likelihood']}, impact {figures['impact']}")
    for side, values in sides.items():
        say(f"    {side.replace('_', ' ')}: {', '.join(values)}")
    if occasion.is_threat:
        say(f"    released by {' and '.join(releases) or 'nobody yet'}")
    if occasion.closed_at:
        say(f"    closed {occasion.closed_at:%Y-%m-%d %H:%M} UTC; warns nobody any more")
    say(f"    covers {counted(coverage.open_cases, 'open case')} of "
        f"{counted(coverage.organisations, 'organisation')}")  # fmt: skip
    if sought:
        found = ", ".join(f"{count:,} {state}" for state, count in sorted(sought.items()))
        say(f"    systems of unknown owner, as they were found: {found}")
    if asked.systems:
        say(f"    {totals_line(asked, words_in(Language.EN))}")
    told = ", ".join(f"{count:,} {state}" for state, count in states.items())
    say(f"    notifications: {told or 'none yet'}")
    if channels:
        by_channel = ", ".join(f"{count:,} {channel}" for channel, count in channels.items())
        say(f"    accepted by: {by_channel}")
    for advice in filter(None, (occasion.advice_nl, occasion.advice_en)):
        say(f"\n{advice}")


def _selected(selection: Selection) -> dict[str, list[str]]:
    """The sides that are not left open, in the words of the file that made the occasion."""
    sides = {side: list(values) for side, values in asdict(selection).items() if values}
    if selection.severities:
        sides["severities"] = [Severity(severity).key for severity in selection.severities]
    return sides


@app.command()
def release(key: str, by: Annotated[str, typer.Option("--by", help="Who releases it.")]) -> None:
    """Release an occasion; it takes a second person before anybody is warned.

    A grave threat under which baken occasion discover looked for whom to warn is released only
    while the public pages answer at BAKEN_PUBLIC_URL: who is warned unasked must be able to check
    the warning.
    """
    settings = begin()
    from baken.jobs.public_pages import check_release
    from baken.occasions.services import release_occasion

    check_release(key, settings=settings)
    occasion = release_occasion(key, by=by, now=datetime.now(UTC))
    if occasion.released_at:
        say(f"{key} is released by {occasion.released_by} and {occasion.seconded_by}. "
            "baken send warns the organisations that it covers.")  # fmt: skip
    else:
        say(f"{key} is released by {occasion.released_by}; a second person must do so too.")


@app.command()
def close(key: str) -> None:
    """End an occasion: what waits under it is withdrawn, and nobody is warned any more.

    What else waited in the same mails is planned again at once, for the next `baken send`. A mail
    that may have arrived already is not withdrawn; the next `baken send` tries it again.
    """
    settings = begin()
    from baken.jobs.threats import close_occasion_and_replan

    done = close_occasion_and_replan(key, settings=settings)
    closed = done.closed
    text = _counted(closed.withdrawn, "waited", "is withdrawn", "are withdrawn")
    say(f"{key} is closed; {text}.")
    if closed.withdrawn:
        say(_what_tells_the_rest(done.telling_the_rest))
    if closed.in_doubt:
        text = _counted(closed.in_doubt, "may have arrived", "is tried again", "are tried again")
        say(f"{text} under the same Message-ID.")


def _what_tells_the_rest(count: int) -> str:
    if not count:
        return "No other occasion tells of its cases now."
    verb = "tells" if count == 1 else "tell"
    return (
        f"{counted(count, 'warning')} {verb} of its cases under other occasions; baken send hands "
        f"{'it' if count == 1 else 'them'} over."
    )


def _counted(count: int, which: str, singular: str, plural: str) -> str:
    noun, verb = ("warning", singular) if count == 1 else ("warnings", plural)
    return f"{count:,} {noun} that {which} {verb}"


@app.command(name="list")
def list_all(
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the occasions and how they stand."""
    begin()
    from baken.occasions.selectors import all_occasions, state_of

    listed = [(occasion.key, state_of(occasion), occasion.title) for occasion in all_occasions()]
    if as_json:
        figures = [{"key": key, "state": state, "title": title} for key, state, title in listed]
        say_json({"occasions": figures})
        return
    for key, state, title in listed:
        say(f"{key:40} {state:14} {title}")
    if not listed:
        say("There are no occasions yet. Those of the daily feeds come with the first report; "
            "baken occasion new FILE makes one for a threat.")  # fmt: skip
