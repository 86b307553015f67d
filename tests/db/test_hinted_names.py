"""An organisation that is named only by hints has no case, and that is counted and said."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from baken.cases.models import Case
from baken.constituency.models import Organisation
from baken.intake.models import HintCount
from baken.jobs.sending import plan
from baken.outbox.models import Notification
from baken.settings.environment import Settings
from small_world import YESTERDAY, Command, Ingest, make_organisation

pytestmark = pytest.mark.django_db(transaction=True)


def scan(*systems: tuple[str, str]) -> str:
    """A scan_rdp report: of each system its address and the name that its address has backwards."""
    rows = "".join(
        f'"{YESTERDAY:%Y-%m-%d %H:%M:%S}",high,{address},tcp,3389,{name},rdp,64500\n'
        for address, name in systems
    )
    return "timestamp,severity,ip,protocol,port,hostname,tag,asn\n" + rows


THREE = scan(
    ("192.0.2.7", "mail.haven.example.nl"),
    ("192.0.2.8", "haven.example.nl"),
    ("192.0.2.9", "notthem.example.nl"),
)


def counts() -> list[tuple[str, str, int]]:
    rows = HintCount.objects.values_list("organisation__reference", "domain", "rows")
    return sorted(rows)


def test_a_reverse_name_opens_no_case_and_is_counted(ingest: Ingest) -> None:
    make_organisation("haven", "haven.example.nl")
    accepted = ingest(THREE).accepted
    assert accepted is not None
    assert not Case.objects.exists()
    assert (accepted.hinted.rows, accepted.hinted.organisations) == (2, 1)
    assert counts() == [("haven", "haven.example.nl", 2)]


def test_what_matched_by_something_else_is_not_counted(ingest: Ingest) -> None:
    make_organisation("haven", "haven.example.nl", "192.0.2.7/32")
    ingest(THREE)
    assert counts() == [("haven", "haven.example.nl", 1)]


def test_reading_a_report_again_counts_it_once(ingest: Ingest, baken: Command) -> None:
    make_organisation("haven", "haven.example.nl")
    path = ingest(THREE).path
    assert baken("ingest", "--again", str(path)).exit_code == 0
    assert counts() == [("haven", "haven.example.nl", 2)]


def test_an_organisation_that_leaves_takes_its_counts_along(ingest: Ingest) -> None:
    make_organisation("haven", "haven.example.nl")
    ingest(THREE)
    Organisation.objects.all().delete()
    assert counts() == []


def test_counts_go_with_what_is_purged(ingest: Ingest, baken: Command) -> None:
    make_organisation("haven", "haven.example.nl")
    accepted = ingest(THREE).accepted
    assert accepted is not None
    batch = accepted.batch
    batch.received_at -= timedelta(days=400)
    batch.save()
    assert baken("purge").exit_code == 0
    assert counts() == []


def test_ingest_says_how_many_rows_it_left_out(baken: Command, tmp_path: Path) -> None:
    make_organisation("haven", "haven.example.nl")
    path = tmp_path / f"{YESTERDAY:%Y-%m-%d}-scan_rdp-test.csv"
    path.write_text(THREE)
    said = baken("ingest", str(path)).out
    assert "note: 2 rows with a domain of 1 organisation only as a reverse name" in said


@pytest.mark.parametrize("what", ["haven", "haven.example.nl", "www.haven.example.nl"])
def test_explain_says_why_nothing_was_matched(ingest: Ingest, baken: Command, what: str) -> None:
    make_organisation("haven", "haven.example.nl")
    ingest(THREE)
    said = baken("explain", what).out
    assert "Not matched: 2 rows of the last 30 days named it only by a reverse name" in said
    assert "makes nobody an owner, because" in said
    assert "Niet toegewezen: 2 regels" in baken("explain", what, "--language", "nl").out
    assert any(
        "2 rows" in line for line in json.loads(baken("explain", what, "--json").out)["assets"]
    )


def test_explain_says_nothing_of_hints_where_there_are_none(ingest: Ingest, baken: Command) -> None:
    make_organisation("haven", "haven.example.nl")
    make_organisation("kade", "kade.example.nl")
    ingest(THREE)
    assert "Not matched" not in baken("explain", "kade").out
    assert "Not matched" not in baken("explain", "192.0.2.7").out


def test_the_doctor_names_who_has_domains_only(ingest: Ingest, baken: Command) -> None:
    make_organisation("haven", "haven.example.nl")
    make_organisation("kade", "kade.example.nl", "198.51.100.0/24")
    ingest(THREE)
    said = baken("doctor").out
    assert "ok   name hints: 1 organisation holds domains only" in said
    assert "2 rows named some of them only by a reverse name" in said
    assert "Stichting haven" in said
    assert "Ask them for their networks" in said
    said = baken("doctor", "--language", "nl").out
    assert "1 organisatie heeft alleen domeinen" in said


def test_import_says_how_many_have_domains_only(baken: Command, tmp_path: Path) -> None:
    path = tmp_path / "assets.csv"
    path.write_text("organisation,asset\nhaven,haven.example.nl\n")
    make_organisation("haven")
    assert "note: 1 organisation with domains only" in baken("import", str(path)).out
    path.write_text("organisation,asset\nhaven,192.0.2.0/24\n")
    assert "domains only" not in baken("import", str(path)).out


def test_a_hacked_site_without_a_name_is_told_to_who_holds_its_address(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    make_organisation("net", "192.0.2.0/24")
    haven = make_organisation("haven", "192.0.2.64/28")
    make_organisation("naam", "naam.example.nl")
    ingest(
        "timestamp,severity,ip,protocol,port,http_host,hostname,tag,asn\n"
        f'"{YESTERDAY:%Y-%m-%d %H:%M:%S}",critical,192.0.2.70,tcp,80,,www.naam.example.nl,webshell,'
        "64500\n",
        name="2026-11-22-compromised_website-test.csv",
    )
    case = Case.objects.get(relation=Case.Relation.OWNER)
    assert (case.organisation, case.rule) == (haven, "site-on-address")
    assert plan(settings=settings_of_test).notifications == 1
    assert Notification.objects.get().organisation == haven
