"""Answers of lookups are kept as JSON, and read again as they were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from baken.core.lookup import (
    Basis,
    FoundChannel,
    FoundRoute,
    Holder,
    LookupAnswer,
    NetworkStanding,
    Outcome,
    Refusal,
    RefusedRoute,
    Subject,
    SubjectKind,
)
from baken.core.lookup_text import from_json, to_json
from baken.core.routes import Scope

NOW = datetime(2026, 11, 28, 2, 30, tzinfo=UTC)

ANSWER = LookupAnswer(
    lookup="rdap-address",
    subject=Subject(SubjectKind.ADDRESS, "192.0.2.7"),
    outcome=Outcome.FOUND,
    source="https://rdap.example.net/ip/192.0.2.7",
    fetched_at=NOW,
    valid_until=NOW + timedelta(days=7),
    routes=(
        FoundRoute(
            FoundChannel.LETTER,
            "Voorbeeldweg 1\n1234 AB Utrecht",
            Scope.OWNER,
            Basis.ASSIGNMENT_HOLDER,
            70,
            language="nl",
            holder="EX:ORG-1",
        ),
    ),
    holders=(
        Holder("EX:ORG-1", "Bakkerij Voorbeeld", "192.0.2.0/29", NetworkStanding.ASSIGNMENT, "NL"),
    ),
    refused=(RefusedRoute("REDACTED FOR PRIVACY", Refusal.PLACEHOLDER),),
    takes_mail=False,
)


def test_an_answer_is_read_as_it_was_written() -> None:
    assert from_json(to_json(ANSWER)) == ANSWER


def test_what_is_no_answer_is_refused() -> None:
    for text in ("", "{}", "[1]", '{"lookup": 3}', b"\xff"):
        with pytest.raises(msgspec.DecodeError):
            from_json(text)
