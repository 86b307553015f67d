"""What left the house is written down, and a server is asked no more a day than it wants."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from baken.core.lookup import LookupAnswer, Outcome, Subject, SubjectKind
from baken.discovery.models import OutsideRequest, ServerState
from baken.discovery.services import KeptRequests, forget_old_requests
from baken.outside.keeping import Asked

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 28, 2, 30, tzinfo=UTC)
ASKED = Asked(
    NOW, "rdap.example.net", "https://rdap.example.net/ip/192.0.2.7", "grave", "answered", 900, 51
)


def test_what_was_asked_is_kept_with_when_and_why() -> None:
    requests = KeptRequests({}, now=NOW)
    requests.record(ASKED)
    requests.save()
    requests.save()
    kept = OutsideRequest.objects.get()
    assert (kept.server, kept.what, kept.why) == (ASKED.server, ASKED.what, "grave")
    assert kept.asked_at == NOW


def test_what_is_longer_than_a_column_stops_nobody() -> None:
    requests = KeptRequests({}, now=NOW)
    requests.record(replace(ASKED, server="a" * 500, what="b" * 9000, why="c" * 900))
    requests.save()
    assert len(OutsideRequest.objects.get().what) == 2048


def holding(sets: int) -> LookupAnswer:
    return LookupAnswer(
        "rdap-address",
        Subject(SubjectKind.ADDRESS, "192.0.2.7"),
        Outcome.FOUND,
        ASKED.what,
        NOW,
        NOW + timedelta(days=7),
        personal_sets=sets,
    )


def test_a_server_is_not_asked_beyond_its_persons_of_today_also_by_a_second_process() -> None:
    first = KeptRequests({"rdap.example.net": 3}, now=NOW)
    assert [first.take("rdap.example.net", NOW) for _ in range(5)] == [None] * 5
    first.save([holding(2)])
    second = KeptRequests({"rdap.example.net": 3}, now=NOW)
    assert second.take("rdap.example.net", NOW) is None
    second.save([holding(1), holding(0)])
    tomorrow = datetime(2026, 11, 29, tzinfo=UTC)
    assert second.take("rdap.example.net", NOW) == tomorrow
    assert second.take("rdap.example.net", tomorrow) is None


def test_a_server_that_asked_us_to_wait_is_left_alone_also_after_a_restart() -> None:
    until = NOW + timedelta(minutes=30)
    first = KeptRequests({}, now=NOW)
    first.pause("rdap.example.net", until)
    first.pause("rdap.example.net", NOW + timedelta(minutes=1))
    first.save()
    second = KeptRequests({}, now=NOW)
    assert second.take("rdap.example.net", NOW) == until
    assert second.take("other.example.net", NOW) is None
    assert second.take("rdap.example.net", until) is None


def test_what_was_asked_is_forgotten_after_three_months() -> None:
    requests = KeptRequests({"rdap.example.net": 3}, now=NOW)
    requests.record(ASKED)
    requests.take("rdap.example.net", NOW)
    requests.save()
    assert forget_old_requests(now=NOW + timedelta(days=89)) == 0
    assert forget_old_requests(now=NOW + timedelta(days=91)) == 1
    assert not ServerState.objects.exists()


def test_a_server_gets_no_more_questions_a_day_than_it_may_also_by_a_second_process() -> None:
    server = "whois.nic.example.net"
    first = KeptRequests({}, now=NOW)
    assert [first.take(server, NOW, at_most=3) for _ in range(2)] == [None] * 2
    first.save()
    second = KeptRequests({}, now=NOW)
    assert second.take(server, NOW, at_most=3) is None
    tomorrow = datetime(2026, 11, 29, tzinfo=UTC)
    assert second.take(server, NOW, at_most=3) == tomorrow
    assert second.take(server, tomorrow, at_most=3) is None
