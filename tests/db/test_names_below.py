"""An index answers for a name with all names below it, and for accounts in its mail domains."""

from __future__ import annotations

import pytest
from django.db import connection

from baken.cases.selectors import cases_of_domain, some_cases_of_domain
from small_world import make_cases_about

pytestmark = pytest.mark.django_db(transaction=True)


def test_names_below_a_name_are_found_and_no_others() -> None:
    make_cases_about(
        "example.nl", "www.example.nl", "a.b.example.nl", "@example.nl", "@mail.example.nl",
        "notexample.nl", "my-example.nl", "example.nl.example.org", "www_example.nl", "",
    )  # fmt: skip
    wanted = ["@mail.example.nl", "@example.nl", "a.b.example.nl", "www.example.nl", "example.nl"]
    assert [case.system for case in cases_of_domain("example.nl")] == wanted
    assert [case.system for case in some_cases_of_domain("example.nl", at_most=9)] == wanted
    assert [case.system for case in cases_of_domain("b.example.nl")] == ["a.b.example.nl"]
    assert len(some_cases_of_domain("example.nl", at_most=2)) == 4, "two names and two accounts"


def test_names_below_a_name_come_from_an_index() -> None:
    make_cases_about("www.example.nl", "@example.nl")
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        plans = [
            cases_of_domain("example.nl").explain(),
            some_cases_of_domain("example.nl", at_most=5).explain(),
        ]
        cursor.execute("RESET enable_seqscan")
    for found in plans:
        assert "case_by_name" in found
        assert "case_by_email" in found
        assert "Seq Scan on occasions_case" not in found
