"""``baken explain``: whose it is and by which rule, what was seen, who was told, or why nobody."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from baken.cli.output import InLanguage, say, say_json_with
from baken.cli.session import begin_reading
from baken.core.language import Language

if TYPE_CHECKING:
    from baken.explaining.cases import ExplainedCase, Told

_SHOWN: Final = 20


def explain(
    what: Annotated[
        str,
        typer.Argument(
            help="An address or a system on it, a network, an AS number, a domain, an "
            "organisation, a mail address of one, or the code of a mail."
        ),
    ],
    all_cases: Annotated[
        bool, typer.Option("--all", help=f"Show every case, not only the first {_SHOWN}.")
    ] = False,
    language: InLanguage = Language.EN,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Say who is responsible for WHAT, what was seen there, and who was warned or why not.

    Of a code that a recipient reads out: whether it is ours, whom it told, and of what.
    """
    settings = begin_reading()
    from baken.explaining import subjects
    from baken.explaining.ladders import explain_ladders, ladder_figures, ladder_lines
    from baken.explaining.passing_on import (
        next_requests,
        request_figures,
        request_lines,
        requests_for,
    )
    from baken.explaining.words import words_in
    from baken.jobs.sending import policy_at

    now, words = datetime.now(UTC), words_in(language)
    policy = policy_at(now, settings=settings)
    ladders = explain_ladders(what)
    asked = requests_for(what)
    coming = next_requests(what, policy=policy, now=now) if ladders else []
    what = _without_port(what)
    if as_json:
        subject = subjects.find_subject(what, now=now)
        cases = subjects.explained_one_by_one(subject.cases, policy=policy, now=now)
        say_json_with(
            {
                "about": what,
                "assets": list(subjects.subject_lines(subject.about, words)),
                "ladders": [ladder_figures(ladder) for ladder in ladders],
                "requests": [request_figures(one) for one in asked],
            },
            "cases",
            map(_figures, cases),
            counted_as="case_count",
        )
        return
    if all_cases:
        explanation = subjects.explain_all(what, policy=policy, now=now)
    else:
        explanation = subjects.explain(what, policy=policy, now=now, shown=_SHOWN)
    for line in subjects.explanation_lines(explanation, words):
        say(line)
    for ladder in ladders:
        for line in ladder_lines(ladder, words):
            say(line)
    for line in request_lines(asked, coming, words):
        say(line)


_SERVICE: Final = re.compile(
    r"(?:\[(?P<ipv6>[0-9a-fA-F:.]+)\]|(?P<ipv4>[0-9.]+)):[0-9]+(?:/[a-z]+)?"
)


def _without_port(what: str) -> str:
    """The address of a service as a case names it, ``192.0.2.7:443/tcp``; else `what` itself."""
    service = _SERVICE.fullmatch(what)
    return what if service is None else service["ipv6"] or service["ipv4"]


def _figures(case: ExplainedCase) -> dict[str, object]:
    """What there is to say about `case`, as fields; times are ISO 8601."""
    following = case.next
    return {
        "organisation": case.whose.reference,
        "relation": case.whose.relation,
        "rule": case.whose.rule,
        "asset": case.whose.asset,
        "is_shared": case.whose.is_shared,
        "finding_kind": case.finding_kind,
        "system": case.system,
        "severity": case.severity.key,
        "state": case.state,
        "first_seen_at": case.seen.first_at.isoformat(),
        "last_seen_at": case.seen.last_at.isoformat(),
        "sightings": case.seen.times,
        "told": [_told_figures(told) for told in case.told],
        "next": "tell" if following.rule.tells else "silent",
        "because": following.rule.value,
        "not_before": following.not_before.isoformat() if following.not_before else None,
    }


def _told_figures(told: Told) -> dict[str, object]:
    return {
        "notification": told.sent.notification,
        "address": told.sent.address,
        "planned_at": told.sent.planned_at.isoformat(),
        "occasion": told.occasion,
        "reason": told.reason,
        "state": told.sent.state,
    }
