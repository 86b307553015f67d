"""The measurements do what they say, on a few rows; how fast is not asked here."""

from __future__ import annotations

import pytest

from baken.bench.discover import measure_discover
from baken.bench.explain import measure_explain
from baken.bench.send import measure_send
from baken.settings.environment import Settings

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


def test_bench_discover_holds_what_was_chosen_against_the_truth(settings_of_test: Settings) -> None:
    found = measure_discover(systems=12, settings=settings_of_test)
    assert (found.systems, found.with_owner_route, found.with_any_route) == (12, 4, 10)
    assert (found.right_owner, found.wrong_owner) == (4, 0)
    assert found.requests >= 12
