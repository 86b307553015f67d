"""The ladder about one system in words: what was asked, what came back, what was chosen and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from baken.core.choosing import Choice, Rung
from baken.core.ladder import Answers, Sought, own_holders
from baken.core.lookup import FoundRoute, LookupAnswer, Outcome, RefusedRoute, Subject, SubjectKind
from baken.core.text import one_line
from baken.discovery.selectors import answers_about, decisions_about
from baken.explaining.words import Words


@dataclass(frozen=True, slots=True)
class ExplainedLadder:
    """Whose owner was sought, who was asked, and who was chosen."""

    system: str
    finding_kind: str
    decided_at: datetime
    state: str
    choice: Choice
    answers: tuple[LookupAnswer, ...]
    """As they are kept now: what is over for a month is forgotten."""

    @property
    def refused(self) -> tuple[tuple[str, RefusedRoute], ...]:
        """What stood in place of a route, with the lookup that met it."""
        return tuple((one.lookup, refused) for one in self.answers for refused in one.refused)


def explain_ladders(system: str) -> list[ExplainedLadder]:
    """The ladders about `system`, as a case or the store names it; the newest first."""
    return [
        ExplainedLadder(
            system=decided.system,
            finding_kind=decided.finding_kind,
            decided_at=decided.decided_at,
            state=decided.state,
            choice=decided.choice,
            answers=tuple(_answers_about(decided.sought, decided.choice)),
        )
        for decided in decisions_about(system)
    ]


def discovery_lines(
    systems: int,
    states: Mapping[str, int],
    *,
    unanswered: int,
    without_files: Sequence[tuple[str, str]],
    words: Words,
) -> Iterator[str]:
    """What came of asking about so many systems, in lines; what to do next at the end."""
    if not systems:
        yield words.say("ladder.no_systems")
        return
    yield words.say("ladder.summary", systems=words.counted("system", systems))
    for state in _STATES:
        if states.get(state):
            counted = words.counted("system", states[state])
            yield "    " + words.say(
                "ladder.summary_state", systems=counted, state=words.say(f"ladder.states.{state}")
            )
    if unanswered:
        yield words.say("ladder.unanswered", questions=words.counted("question", unanswered))
    if without_files:
        missing: dict[str, list[str]] = {}
        for lookup, kind in without_files:
            missing.setdefault(kind, []).append(lookup)
        files = "; ".join(f"{kind} ({', '.join(keys)})" for kind, keys in missing.items())
        yield words.say("ladder.without_files", files=files)
    yield words.say("ladder.what_next")


_STATES: Final = ("owner", "operator", "handed-over", "by-hand", "nobody", "disowned")


def ladder_figures(ladder: ExplainedLadder) -> dict[str, object]:
    """`ladder` as fields; times are ISO 8601."""
    choice = ladder.choice
    return {
        "system": ladder.system,
        "finding_kind": ladder.finding_kind,
        "decided_at": ladder.decided_at.isoformat(),
        "state": ladder.state,
        "owner": None if choice.owner is None else str(choice.owner),
        "owner_name": None if choice.owner is None else choice.owner.name,
        "handed_over_to": choice.handed_over_to or None,
        "csirt_routes": [
            {"channel": route.channel.value, "address": route.address}
            for route in choice.csirt_routes
        ],
        "handed_over_for": str(choice.handed_over_for) if choice.handed_over_for else None,
        "country": choice.country or None,
        "rungs": [
            {
                "channel": rung.route.channel.value,
                "address": rung.route.address,
                "scope": rung.route.scope.value,
                "party": rung.party.value,
                "basis": rung.route.basis.value,
                "confidence": rung.route.confidence,
                "expected_use": round(rung.expected_use, 3),
                "lookup": rung.lookup,
                "source": rung.source,
                "valid_until": rung.valid_until.isoformat(),
                "passed_over": None if rung.passed_over is None else rung.passed_over.value,
            }
            for rung in choice.rungs
        ],
        "answers": [
            {
                "lookup": answer.lookup,
                "subject": str(answer.subject),
                "outcome": answer.outcome.value,
                "source": answer.source,
                "fetched_at": answer.fetched_at.isoformat(),
                "valid_until": answer.valid_until.isoformat(),
                "note": answer.note,
            }
            for answer in ladder.answers
        ],
    }


def _answers_about(sought: Sought, choice: Choice) -> list[LookupAnswer]:
    """What was answered about the system, then about the holders that these answers name."""
    subjects = list(sought.subjects())
    subjects += [Subject(SubjectKind.DOMAIN, domain) for domain in sought.domains()]
    if choice.country:
        subjects.append(Subject(SubjectKind.COUNTRY, choice.country))
    found = answers_about(subjects)
    holders = own_holders(Answers({(one.lookup, one.subject): one for one in found}))
    named = [holder.name for holder in holders]
    if choice.owner is not None:
        named.append(choice.owner.name)
    about = {Subject(SubjectKind.HOLDER, name) for name in named if name}
    about |= {
        Subject(SubjectKind.REGISTER_NUMBER, holder.register_number)
        for holder in holders
        if holder.register_number
    }
    return found + answers_about(about)


def ladder_lines(ladder: ExplainedLadder, words: Words) -> Iterator[str]:
    """`ladder` in lines, as a terminal shows them."""
    yield words.say(
        "ladder.head",
        system=ladder.system,
        kind=ladder.finding_kind,
        at=ladder.decided_at,
        state=words.say(f"ladder.states.{ladder.state}"),
    )
    choice = ladder.choice
    if choice.owner is not None:
        yield "    " + words.say(
            "ladder.owner",
            name=one_line(choice.owner.name, limit=120),
            identity=str(choice.owner),
            party=words.say(f"ladder.parties.{choice.owner.party}"),
        )
    if choice.handed_over_for is not None:
        yield from _handed_over(choice, choice.handed_over_for, words)
    taken = [rung for rung in choice.rungs if rung.passed_over is None]
    yield from _rungs("ladder.told", [rung for rung in taken if rung.party.is_owner], words)
    yield from _rungs("ladder.asked_on", [rung for rung in taken if not rung.party.is_owner], words)
    for rung in choice.rungs:
        if rung.passed_over is not None:
            yield "    " + words.say(
                "ladder.passed_over",
                route=_route(rung.route, words),
                source=rung.source,
                why=words.say(f"ladder.passed.{rung.passed_over}"),
            )
    for lookup, refused in ladder.refused:
        yield "    " + words.say(
            "ladder.refused",
            text=refused.text,
            lookup=lookup,
            why=words.say(f"ladder.refusals.{refused.why}"),
        )
    yield from _who_give_room(ladder.answers, words)
    yield from _without_routes(ladder.answers, words)


def _handed_over(choice: Choice, subject: Subject, words: Words) -> Iterator[str]:
    """Which CSIRT warns instead of us, for it has `subject` in its constituency."""
    yield "    " + words.say(
        "ladder.handed_over",
        csirt=choice.handed_over_to,
        what=words.say(f"ladder.constituents.{subject.kind}", value=subject.value),
    )
    for route in choice.csirt_routes:
        yield "    " + words.say("ladder.csirt_reached", route=_route(route, words))
    if not choice.csirt_routes:
        yield "    " + words.say("ladder.csirt_without_contact")
    yield "    " + words.say("ladder.csirt_by_hand")


def _rungs(key: str, rungs: Sequence[Rung], words: Words) -> Iterator[str]:
    for rung in rungs:
        yield "    " + words.say(
            key,
            route=_route(rung.route, words),
            basis=words.say(f"ladder.bases.{rung.route.basis}"),
            source=rung.source,
            until=rung.valid_until,
        )


def _route(route: FoundRoute, words: Words) -> str:
    address = one_line(route.address.replace("\n", ", "), limit=200)
    return words.say(f"ladder.channels.{route.channel}", address=address)


def _who_give_room(answers: Sequence[LookupAnswer], words: Words) -> Iterator[str]:
    """Whose holder is not taken for the owner, since many others are there."""
    for answer in answers:
        for holder in answer.holders:
            if holder.gives_room:
                yield "    " + words.say(
                    "ladder.gives_room",
                    subject=str(answer.subject),
                    provider=holder.name,
                    source=answer.source,
                )


def _held(answer: LookupAnswer, words: Words) -> Iterator[str]:
    """Who holds the subject of `answer`, which names no way to reach it."""
    holder, facts = answer.holders[0], {"lookup": answer.lookup, "subject": str(answer.subject)}
    if holder.name:
        yield "    " + words.say("ladder.held", **facts, name=one_line(holder.name, limit=120))
    if holder.country:
        where = {"country": holder.country, "network": holder.network}
        yield "    " + words.say("ladder.in_country", **facts, **where)


def _without_routes(answers: Sequence[LookupAnswer], words: Words) -> Iterator[str]:
    """What was asked and led to no route."""
    for answer in answers:
        if answer.routes or answer.refused:
            continue
        facts = {"lookup": answer.lookup, "subject": str(answer.subject)}
        if answer.outcome is Outcome.UNKNOWN:
            note = one_line(answer.note, limit=200)
            yield "    " + words.say("ladder.unknown", **facts, note=note)
        elif answer.addresses:
            addresses = ", ".join(answer.addresses[:8])
            yield "    " + words.say("ladder.resolves", **facts, addresses=addresses)
        elif answer.takes_mail is not None:
            yield "    " + words.say(
                "ladder.takes_mail" if answer.takes_mail else "ladder.takes_no_mail", **facts
            )
        elif answer.holders and not answer.holders[0].is_person:
            yield from _held(answer, words)
        else:
            yield "    " + words.say("ladder.none", **facts)
