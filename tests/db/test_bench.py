"""The measurements do what they say, on a few rows; how fast is not asked here."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from baken.bench.discover import measure_discover
from baken.bench.explain import measure_explain
from baken.bench.send import measure_send
from baken.settings.environment import Settings
from baken.specimen.unknown_systems import make_unknown_systems, write_bulk

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_mail_of_bench_send_is_planned_accepted_and_kept(settings_of_test: Settings) -> None:
    found = measure_send(mails=20, settings=settings_of_test)
    assert (found.mails, found.planned, found.accepted, found.left) == (20, 20, 20, 0)
    figures = found.as_json()
    assert {"mails", "seconds", "mails_per_second", "peak_rss_bytes"} <= figures.keys()
    assert found.seconds > found.plan_seconds > 0


def test_bench_explain_asks_about_every_sort_of_subject() -> None:
    found = measure_explain(cases=2_000, each=3, say=lambda _: None)
    assert found.cases > 1_000
    assert 0 < found.cases_told < found.cases
    figures = found.as_json()
    assert {"address", "name", "organisation"} <= figures["p95_ms"].keys()
    assert all(len(answers.seconds) == 3 for answers in found.answers.values())
    assert all(answers.most_cases for answers in found.answers.values())


@pytest.mark.parametrize(("with_bulk", "owners"), [(False, 54), (True, 57)])
def test_bench_discover_holds_what_was_chosen_against_the_truth(
    settings_of_test: Settings, *, with_bulk: bool, owners: int
) -> None:
    patient = replace(settings_of_test.web, seconds=3)  # some servers never answer
    found = measure_discover(
        systems=100, settings=replace(settings_of_test, web=patient), with_bulk=with_bulk
    )
    assert (found.wrong_owner, found.wrong_sorts) == (0, ())
    assert (found.systems, found.with_owner_route, found.right_owner) == (100, owners, owners)
    assert found.with_any_route > owners
    assert found.requests > 100
    assert 0 < found.unanswered < found.requests


def test_every_sort_of_unknown_system_is_made_and_a_few_mislead(tmp_path: Path) -> None:
    made = make_unknown_systems(4_000, with_bulk=True)
    write_bulk(made, tmp_path / "bulk")
    given = (tmp_path / "bulk").read_text()
    for attribute in ("nic-hdl", "abuse-mailbox"):  # each operator has a desk of its own
        assert len(set(re.findall(f"^{attribute}: (.+)$", given, re.MULTILINE))) == 4_000 // 128 + 1
    assert len({one.place.address for one in made}) == 4_000
    sorts = {one.sort for one in made}
    assert len(sorts) == 26
    for sort in sorts:
        assert {one.is_in_bulk for one in made if one.sort == sort} == {True, False}
    without_owner = {one.sort for one in made if not one.answers.owner_domain}
    assert without_owner == {
        "operator_only", "name_of_another", "certificate_of_another", "name_of_operator",
        "private_person", "nothing",
    }  # fmt: skip
