"""What the verdict is given of a case is the same, wherever it is asked."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

import baken
from baken.cases.models import Case
from baken.cases.selectors import (
    case_facts,
    cases_to_decide,
    cases_under,
    fact_columns,
    facts_of_row,
)
from baken.constituency.models import Asset, Organisation
from baken.core.classification import Severity, Tlp
from baken.core.policy import Policy, decide
from baken.core.routes import Carries, Route
from baken.intake.selectors import newest_received_days
from baken.occasions.models import Occasion
from baken.occasions.selectors import occasion_facts
from small_world import make_organisation

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)
POLICY = Policy(minimum_severity=Severity.LOW, channels={"mail": Carries(encryption=True)})
ROUTE = Route(id=1, organisation_id=1, channel="mail", address="security@haven.example.nl")

# The limits: of what is too old, of what an asset holds, and a moment to each side.
limits = [NOW - 30 * DAY, NOW - DAY, NOW]
moments = st.sampled_from([limit + side for limit in limits for side in (-MOMENT, 0 * DAY, MOMENT)])
assets = st.sampled_from(["its own", "none", "not there any more"])
told = st.none() | st.tuples(moments, st.sampled_from(Severity))
some_cases = st.lists(
    st.fixed_dictionaries(
        {
            "relation": st.sampled_from(Case.Relation.values),
            "state": st.sampled_from(Case.State.values),
            "severity": st.sampled_from([severity.value for severity in Severity]),
            "tlp": st.sampled_from([label.value for label in Tlp]),
            "last_seen_at": moments,
            "reopened_at": st.none() | moments,
            "told": told,
            "asset": assets,
            "period": st.tuples(st.none() | moments, st.none() | moments).filter(
                lambda period: None in period or period[0] < period[1]
            ),
            "standing": st.sampled_from(Organisation.Standing.values),
            "is_told_here": st.booleans(),
        }
    ),
    min_size=1,
    max_size=5,
)
some_occasions = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(Occasion.Kind.values),
        "tlp": st.sampled_from([label.value for label in Tlp]),
        "impact": st.sampled_from([1, 3]),
        "severities": st.sampled_from([[], [0], [1, 2], [3]]),
    }
)


def make_case(number: int, drawn: dict[str, Any]) -> Case:
    organisation = make_organisation(f"haven-{number}")
    organisation.standing = drawn["standing"]
    organisation.save()
    asset_id = None
    if drawn["asset"] != "none":
        valid_from, valid_until = drawn["period"]
        asset = Asset.objects.create(
            organisation=organisation,
            kind="network",
            value="192.0.2.0/24",
            network="192.0.2.0/24",
            valid_from=valid_from,
            valid_until=valid_until,
        )
        asset_id = asset.pk
    if drawn["asset"] == "not there any more":
        Asset.objects.all().filter(pk=asset_id)._raw_delete("default")
    told_at, told_severity = drawn["told"] or (None, None)
    return Case.objects.create(
        organisation=organisation,
        finding_kind="open-rdp",
        system="192.0.2.7:3389/tcp",
        relation=drawn["relation"],
        state=drawn["state"],
        severity=drawn["severity"],
        first_seen_at=drawn["last_seen_at"],
        last_seen_at=drawn["last_seen_at"],
        reopened_at=drawn["reopened_at"],
        told_at=told_at,
        told_severity=told_severity,
        rule="longest-prefix",
        asset_id=asset_id,
        asset_value="192.0.2.0/24",
        is_shared=False,
        feed="shadowserver",
        report_type="scan_rdp",
        rsit_taxonomy="vulnerable",
        rsit_type="vulnerable-system",
        affected_role="service",
        address_role="vulnerable",
        tlp=drawn["tlp"],
    )


def make_occasion(drawn: dict[str, Any]) -> Occasion:
    return Occasion.objects.create(
        key="some-occasion",
        title="Some occasion",
        likelihood=3,
        released_by="one",
        seconded_by="two",
        released_at=NOW - DAY,
        **drawn,
    )


World = tuple[Occasion, set[int], list[Case]]


def in_worlds(check: Callable[[World], None]) -> None:
    """Hold `check` against many made worlds, each undone afterwards."""

    @settings(max_examples=400)
    @given(some_cases, some_occasions)
    def each(cases: list[dict[str, Any]], occasion: dict[str, Any]) -> None:
        with transaction.atomic():
            made = [make_case(number, drawn) for number, drawn in enumerate(cases)]
            told_here = {
                case.pk for case, drawn in zip(made, cases, strict=True) if drawn["is_told_here"]
            }
            found = Case.objects.select_related("organisation", "asset")
            check((make_occasion(occasion), told_here, list(found)))
            transaction.set_rollback(True)

    each()


def test_planning_and_explain_are_given_the_same_facts() -> None:
    seen = set[bool]()

    def check(world: World) -> None:
        occasion, told_here, cases = world
        by_id = {case.pk: case for case in cases}
        newest_days = newest_received_days()
        for asked in (told_here, None):
            for one in cases_to_decide(occasion, policy=POLICY, now=NOW, told_here=asked):
                case = by_id[one.id]
                is_told_here = asked is None or one.id in asked
                assert one.facts == case_facts(
                    case, newest_days=newest_days, is_told_here=is_told_here
                )
                row = Case.objects.filter(pk=one.id).values_list(*fact_columns()).get()
                assert facts_of_row(row, newest_days=newest_days) == case_facts(
                    case, newest_days=newest_days
                )
                assert one.organisation_id == case.organisation_id
                seen.add(one.facts.is_held)

    in_worlds(check)
    assert seen == {True, False}, "cases that are held and cases that are not were compared"


def test_what_planning_does_not_read_would_be_silent_anyway() -> None:
    seen = set[bool]()

    def check(world: World) -> None:
        occasion, told_here, cases = world
        asked = told_here if occasion.kind == Occasion.Kind.THREAT else None
        read = {
            one.id for one in cases_to_decide(occasion, policy=POLICY, now=NOW, told_here=asked)
        }
        covered = set(cases_under(occasion).values_list("pk", flat=True))
        assert read <= covered
        for case in cases:
            facts = case_facts(case, newest_days={}, is_told_here=asked is None or case.pk in asked)
            under = occasion_facts(occasion)
            for routes in ([ROUTE], []):
                rule = decide(facts, under=under, routes=routes, policy=POLICY, now=NOW).rule
                if case.pk in covered - read:
                    assert not rule.tells
                    assert not rule.blocks
                seen.add(case.pk in covered - read)

    in_worlds(check)
    assert seen == {True, False}, "some were left out and some were not"


def calls_of(name: str) -> dict[str, list[str]]:
    """By file of the package, the functions that call `name`, or hand it on as a ``partial``."""
    root = Path(baken.__file__).parent
    found: dict[str, list[str]] = {}
    for path in sorted(root.rglob("*.py")):
        text = path.read_text()
        if name not in text:
            continue
        callers = [
            function.name
            for function in ast.walk(ast.parse(text))
            if isinstance(function, ast.FunctionDef)
            for node in ast.walk(function)
            if isinstance(node, ast.Call) and name in called_by(node)
        ]
        if callers:
            found[str(path.relative_to(root))] = callers
    return found


def called_by(call: ast.Call) -> set[str]:
    """The names of what this calls, by itself or through its module."""
    asked = [call.func]
    if isinstance(call.func, ast.Name) and call.func.id == "partial":
        asked += call.args[:1]
    plain = {one.id for one in asked if isinstance(one, ast.Name)}
    return plain | {one.attr for one in asked if isinstance(one, ast.Attribute)}


def test_facts_are_made_in_one_place_and_of_what_is_stored_in_another() -> None:
    assert calls_of("CaseFacts") == {
        "cases/selectors.py": ["_facts"],
        "core/passing_on.py": ["_facts"],  # of a system that has no case: its operator passes on
        "outbox/preview.py": ["_rule"],
    }
    assert calls_of("_facts")["cases/selectors.py"] == [
        "case_facts",
        "facts_of_row",
        "cases_to_decide",
    ]
    assert calls_of("OccasionFacts") == {"occasions/selectors.py": ["_facts"] * 2}


def test_only_these_ask_for_a_verdict() -> None:
    assert calls_of("decide") == {
        "core/passing_on.py": ["decide_pass_on"],
        "core/policy.py": ["decide_again"],
        "outbox/planning.py": ["_asked_under"],
        "outbox/preview.py": ["_rule"],
        "outbox/verdicts.py": ["verdicts_on", "_told_now_of"],
    }
    assert calls_of("decide_again") == {
        "core/passing_on.py": ["decide_pass_on_again"],
        "outbox/last_check.py": ["why_not"],
    }
    assert calls_of("decide_pass_on") == {"outbox/passing_on.py": ["request_verdicts"]}
    assert calls_of("decide_pass_on_again") == {"outbox/last_check.py": ["why_not"]}
