"""What every lookup promises, whomever it asks and whatever it is answered.

The suite runs over `LOOKUPS` and a made-up lookup, against a real DNS server and a web server on
loopback. A new lookup adds one module to the folder lookup_scenarios, named after its key.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest
from lookup_world import NOW, LookupScenario, State, outside_of, scenario_of

import made_up_lookup
from baken.core.errors import TextRefusedError
from baken.core.lookup import FoundChannel, LookupAnswer, Outcome, Subject
from baken.core.lookup_text import from_json, to_json
from baken.core.mail_address import routable_address
from baken.core.text import is_harmful
from baken.lookups import LOOKUPS, Lookup, LookupKind
from baken.outside import Outside

EVERY_LOOKUP: Final[Mapping[str, LookupKind]] = MappingProxyType(
    {**LOOKUPS, made_up_lookup.KEY: made_up_lookup.KIND}
)
SHORT: Final = 0.3
"""How many seconds are waited for a server that never answers."""
MOST_ROUTES: Final = 100
LONGEST: Final = {
    Outcome.FOUND: timedelta(days=7),
    Outcome.NONE: timedelta(days=1),
    Outcome.UNKNOWN: timedelta(days=1),
}
"""For how long an answer may hold."""


@pytest.fixture(params=sorted(EVERY_LOOKUP))
def kind(request: pytest.FixtureRequest) -> LookupKind:
    return EVERY_LOOKUP[request.param]


@pytest.fixture
def scenario(kind: LookupKind) -> LookupScenario:
    return scenario_of(kind.key)


@pytest.fixture
def lookup(kind: LookupKind, scenario: LookupScenario, tmp_path: Path) -> Lookup:
    return kind.open(scenario.world.files(tmp_path))


@pytest.fixture
def outside(scenario: LookupScenario) -> Iterator[Outside]:
    with outside_of(scenario.world) as outside:
        yield outside


def asked(
    lookup: Lookup, kind: LookupKind, values: Sequence[str], *, outside: Outside
) -> list[LookupAnswer]:
    """The answers about `values`, asked for as many at once as the lookup takes."""
    subjects = [Subject(kind.asks_about, value) for value in values]
    answers: list[LookupAnswer] = []
    for start in range(0, len(subjects), kind.at_once):
        few = subjects[start : start + kind.at_once]
        answers += lookup.ask(few, outside=outside, now=NOW)
    return answers


def everything(scenario: LookupScenario) -> tuple[str, ...]:
    return scenario.found + scenario.nothing + scenario.failed + scenario.hostile


def test_the_key_in_the_table_is_the_lookups_own(kind: LookupKind) -> None:
    assert EVERY_LOOKUP[kind.key] is kind
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", kind.key)
    assert kind.at_once >= 1


def test_a_scenario_has_each_sort_of_subject(scenario: LookupScenario) -> None:
    assert len(set(scenario.found)) >= 2
    assert scenario.nothing
    assert scenario.failed or not scenario.is_asked_outside
    assert scenario.hostile


def test_what_a_source_has_is_found(
    lookup: Lookup, kind: LookupKind, scenario: LookupScenario, outside: Outside
) -> None:
    for answer in asked(lookup, kind, scenario.found, outside=outside):
        assert answer.outcome is Outcome.FOUND, answer
        says = answer.routes or answer.holders or answer.addresses
        assert says or answer.takes_mail is not None
        assert answer.source
        assert all(0 <= route.confidence <= 100 for route in answer.routes)
        handles = {holder.handle for holder in answer.holders} | {""}
        assert {route.holder for route in answer.routes} <= handles


def test_a_source_that_has_nothing_says_none(
    lookup: Lookup, kind: LookupKind, scenario: LookupScenario, outside: Outside
) -> None:
    for answer in asked(lookup, kind, scenario.nothing, outside=outside):
        assert answer.outcome is Outcome.NONE, answer
        assert not answer.routes
        assert not answer.addresses


def assert_all_unknown(answers: Sequence[LookupAnswer]) -> None:
    for answer in answers:
        assert answer.outcome is Outcome.UNKNOWN, answer
        assert answer.note.endswith("."), "it says why"
        assert not answer.routes


def test_what_cannot_be_read_is_unknown(
    lookup: Lookup, kind: LookupKind, scenario: LookupScenario, outside: Outside
) -> None:
    assert_all_unknown(asked(lookup, kind, scenario.failed, outside=outside))


@pytest.mark.parametrize("state", ["dead", "closed"])
def test_a_source_that_is_away_is_unknown(
    lookup: Lookup, kind: LookupKind, scenario: LookupScenario, state: State
) -> None:
    if not scenario.is_asked_outside:
        pytest.skip("it asks nobody outside")
    with outside_of(scenario.world, state=state) as outside:
        assert_all_unknown(asked(lookup, kind, scenario.found, outside=outside))


def test_a_source_that_never_answers_is_unknown_in_time(
    lookup: Lookup, kind: LookupKind, scenario: LookupScenario
) -> None:
    if not scenario.is_asked_outside:
        pytest.skip("it asks nobody outside")
    begun = time.monotonic()
    with outside_of(scenario.world, state="silent", seconds_a_question=SHORT) as outside:
        assert_all_unknown(asked(lookup, kind, scenario.found[:1], outside=outside))
    assert time.monotonic() - begun < 10


def test_files_that_cannot_be_read_are_refused(
    kind: LookupKind, scenario: LookupScenario, tmp_path: Path
) -> None:
    if scenario.unreadable_files is None:
        pytest.skip("it asks outside")
    with pytest.raises(TextRefusedError):
        kind.open(scenario.unreadable_files(tmp_path))


def test_each_subject_has_its_answer_in_order(
    lookup: Lookup, kind: LookupKind, scenario: LookupScenario, outside: Outside
) -> None:
    first, second, *_ = scenario.found
    values = [second, *everything(scenario), first, second]
    answers = asked(lookup, kind, values, outside=outside)
    assert [answer.subject for answer in answers] == [
        Subject(kind.asks_about, value) for value in values
    ]
    assert {answer.lookup for answer in answers} == {kind.key}
    assert not lookup.ask([], outside=outside, now=NOW)


def test_an_answer_holds_for_a_while_and_not_for_ever(
    lookup: Lookup, kind: LookupKind, scenario: LookupScenario, outside: Outside
) -> None:
    for answer in asked(lookup, kind, everything(scenario), outside=outside):
        assert answer.fetched_at == NOW
        assert NOW < answer.valid_until <= NOW + LONGEST[answer.outcome]


def test_an_answer_survives_as_text(
    lookup: Lookup, kind: LookupKind, scenario: LookupScenario, outside: Outside
) -> None:
    for answer in asked(lookup, kind, everything(scenario), outside=outside):
        assert from_json(to_json(answer)) == answer


def test_sixteen_threads_get_the_same_answers(
    lookup: Lookup, kind: LookupKind, scenario: LookupScenario, outside: Outside
) -> None:
    values = scenario.found + scenario.nothing
    expected = asked(lookup, kind, values, outside=outside)

    def again(_: int) -> list[LookupAnswer]:
        return asked(lookup, kind, values, outside=outside)

    with ThreadPoolExecutor(16) as threads:
        for answers in threads.map(again, range(32)):
            assert answers == expected


def test_no_hostile_text_becomes_a_route(
    lookup: Lookup, kind: LookupKind, scenario: LookupScenario, outside: Outside
) -> None:
    begun = time.monotonic()
    for answer in asked(lookup, kind, scenario.hostile, outside=outside):
        assert len(answer.routes) + len(answer.holders) <= MOST_ROUTES
        assert len(answer.addresses) <= MOST_ROUTES
        assert len(answer.refused) <= MOST_ROUTES
        assert len(to_json(answer)) < 100_000
        assert_is_harmless(answer)
    assert time.monotonic() - begun < 10


def assert_is_harmless(answer: LookupAnswer) -> None:
    """No text of others in `answer` can break a line, hide, or be read as something else."""
    lines = [answer.note, answer.source]
    for route in answer.routes:
        lines += [route.language, route.name, route.holder, route.signed_by, route.encryption]
        lines += route.address.split("\n") if _is_letter(route.channel) else [route.address]
        match route.channel:
            case FoundChannel.MAIL:
                assert routable_address(route.address) == route.address
                assert route.address.isascii()
                assert "." in route.address.rpartition("@")[2]
            case FoundChannel.PHONE:
                assert re.fullmatch(r"\+[1-9][0-9]{6,14}", route.address)
            case FoundChannel.FORM:
                assert re.fullmatch(r"https://[a-z0-9.-]+(:443)?/[!-~]*", route.address)
                assert len(route.address) <= 2_000
    for holder in answer.holders:
        lines += [holder.handle, holder.name, holder.network, holder.country]
    for refused in answer.refused:
        assert len(refused.text) <= 200
        lines.append(refused.text)
    assert not any(is_harmful(character) for line in lines for character in line)


def _is_letter(channel: FoundChannel) -> bool:
    return channel is FoundChannel.LETTER
