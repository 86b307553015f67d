"""What is in the constituency of another CSIRT is listed to be handed over, and no more."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest

from baken import lookups
from baken.cases.models import Case
from baken.constituency.models import Organisation
from baken.core.classification import Tlp
from baken.core.given_file import GivenFileKind
from baken.core.policy import label_for_csirt
from baken.core.sharing import SharingTerms
from baken.discovery.services import add_given_file
from baken.intake.models import StoredFile
from baken.jobs.discovery import discover
from baken.jobs.sending import plan_and_deliver
from baken.lookups import LOOKUPS
from baken.outbox.models import Notification
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from public_page_peer import answering_pages
from small_world import Command, Ingest, release_threat, report_text

pytestmark = pytest.mark.django_db(transaction=True)

STATISTICS: Final = """\
test|DE|ipv4|203.0.113.0|128|20100712|allocated|one
test|NL|ipv4|203.0.113.128|128|20100712|allocated|two
"""
ABROAD: Final = """\
name,email,phone,Country Code
CSIRT of Germany,cert@csirt.test.example.org,+49 30 1234567,DE
"""
DATABASE: Final = """\
inetnum:        203.0.113.8 - 203.0.113.15
netname:        EXAMPLE-COMPANY
country:        DE
org:            ORG-CO1-TEST
status:         ASSIGNED PA
source:         TEST

organisation:   ORG-CO1-TEST
org-name:       Example Company GmbH
e-mail:         info@company.example
source:         TEST
"""
"""Whom it would be told to, if it were ours to tell."""
FILES: Final = {
    GivenFileKind.DELEGATED: STATISTICS,
    GivenFileKind.CSIRT_CONSTITUENCIES: ABROAD,
    GivenFileKind.SPLIT_FILE: DATABASE,
}


@pytest.fixture(autouse=True)
def only_given_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody outside is asked."""
    given = {key: kind for key, kind in LOOKUPS.items() if kind.reads in FILES}
    monkeypatch.setattr(lookups, "LOOKUPS", MappingProxyType(given))


def give(folder: Path, files: Mapping[GivenFileKind, str] = FILES) -> None:
    now = datetime.now(UTC)
    for kind, text in files.items():
        path = folder / f"{kind.value}.txt"
        path.write_text(text)
        add_given_file(
            path,
            kind=kind,
            name=kind.value,
            permission="made up",
            by="a test",
            valid_until=now + timedelta(days=9),
            now=now - timedelta(seconds=1),
        )


def find_out(settings: Settings) -> dict[str, int]:
    return dict(discover("worm", settings=settings, progress=lambda *_: None).states)


@pytest.fixture
def decided(ingest: Ingest, sending: Settings, tmp_path: Path) -> dict[str, int]:
    """A grave threat, two systems in Germany and one here, and where each came to."""
    ingest(report_text("203.0.113.9", "203.0.113.10", "203.0.113.200"))
    release_threat("worm", tlp=Tlp.GREEN)
    give(tmp_path)
    return find_out(sending)


def test_nobody_of_another_csirts_constituency_is_warned_by_us(
    decided: dict[str, int], sending: Settings, tmp_path: Path, server: FolderMailServer
) -> None:
    assert decided == {"handed-over": 2, "nobody": 1}
    with answering_pages(sending, tmp_path) as with_pages:
        _, outcome = plan_and_deliver(settings=with_pages, progress=lambda _: None)
    assert outcome.accepted == 0
    assert server.messages() == []
    assert not Organisation.objects.exists()
    assert not Case.objects.exists()
    assert not Notification.objects.exists()


def test_of_our_own_country_everybody_is_warned(
    ingest: Ingest, sending: Settings, tmp_path: Path
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    give(tmp_path)
    assert find_out(replace(sending, country="DE")) == {"owner": 1}


@pytest.mark.usefixtures("decided")
def test_explain_names_the_csirt_why_and_how_it_is_reached(baken: Command) -> None:
    said = baken("explain", "203.0.113.9").out
    assert "CSIRT of Germany warns instead of us: the country DE is in its constituency." in said
    assert "mail cert@csirt.test.example.org" in said
    assert "telephone +49301234567" in said
    assert "To be told" not in said
    assert "Passed over: mail info@company.example: another CSIRT warns about it." in said
    assert "delegated: 203.0.113.9 is in the country DE (network 203.0.113.0/25)." in said
    said = baken("explain", "203.0.113.9", "--language", "nl").out
    assert "het land DE hoort bij zijn doelgroep" in said
    (ladder, *_) = json.loads(baken("explain", "203.0.113.9", "--json").out)["ladders"]
    assert (ladder["handed_over_to"], ladder["country"]) == ("CSIRT of Germany", "DE")
    assert ladder["csirt_routes"][0]["address"] == "cert@csirt.test.example.org"


@pytest.mark.usefixtures("decided")
def test_the_list_per_csirt_holds_what_it_needs_under_the_label_of_each_line(
    baken: Command, tmp_path: Path
) -> None:
    shown = baken("occasion", "handed-over", "worm")
    assert shown.exit_code == 0, shown.err
    assert "CSIRT of Germany: 2 systems to hand over" in shown.out
    assert "Nothing was sent." in shown.out
    assert "203.0.113.200" not in shown.out
    assert "over te dragen" in baken("occasion", "handed-over", "worm", "--language", "nl").out
    printed = baken("occasion", "handed-over", "worm", "--csv", "-").out
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert {row["system"] for row in rows} == {"203.0.113.9:3389/tcp", "203.0.113.10:3389/tcp"}
    assert {(row["csirt"], row["tlp"], row["country"]) for row in rows} == {
        ("CSIRT of Germany", "TLP:AMBER", "DE")
    }
    assert rows[0]["csirt_contact"].startswith("cert@csirt.test.example.org")
    file = tmp_path / "handed-over.csv"
    assert "2 lines" in baken("occasion", "handed-over", "worm", "--csv", file).out
    assert file.read_text(encoding="utf-8-sig") == printed.replace("\r\n", "\n")
    figures = json.loads(baken("occasion", "handed-over", "worm", "--json").out)
    assert figures["csirts"][0]["systems"] == figures["systems_listed"] == 2
    assert figures["systems"][0]["system"] in {row["system"] for row in rows}


@pytest.mark.usefixtures("decided")
def test_one_csirt_gets_its_own_and_another_name_is_an_error(baken: Command) -> None:
    own = baken("occasion", "handed-over", "worm", "--csirt", "csirt of germany", "--csv", "-")
    assert own.out.count("203.0.113.") == 4
    other = baken("occasion", "handed-over", "worm", "--csirt", "CSIRT of France")
    assert other.exit_code != 0
    assert "CSIRT of France" in other.err


def test_what_the_source_must_permit_first_is_counted_and_not_listed(
    ingest: Ingest, sending: Settings, baken: Command, tmp_path: Path
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.AMBER)
    give(tmp_path)
    find_out(sending)
    shown = baken("occasion", "handed-over", "worm").out
    assert "1 system not listed: the source must permit it first." in shown
    assert "203.0.113.9" not in shown
    assert "203.0.113.9" not in baken("occasion", "handed-over", "worm", "--csv", "-").out


def test_where_nothing_is_handed_over_it_says_what_decides_that(
    ingest: Ingest, baken: Command
) -> None:
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    assert "csirt-constituencies" in baken("occasion", "handed-over", "worm").out


@pytest.mark.usefixtures("decided")
def test_a_stored_file_that_is_gone_is_told_and_the_code_says_so(
    baken: Command, sending: Settings
) -> None:
    (stored,) = StoredFile.objects.all()
    (Path(sending.home) / "store" / stored.path).write_bytes(b"broken")
    done = baken("occasion", "handed-over", "worm")
    assert done.exit_code == 1
    assert stored.path in done.out


NOTIFIES: Final = SharingTerms(Tlp.AMBER)
NOT_NOTIFIES: Final = SharingTerms(Tlp.AMBER, may_notify_affected=False)


@pytest.mark.parametrize(
    ("threat", "rows", "of_feed", "label"),
    [
        (Tlp.CLEAR, Tlp.CLEAR, SharingTerms(), Tlp.CLEAR),
        (Tlp.GREEN, Tlp.CLEAR, SharingTerms(), Tlp.GREEN),
        (Tlp.GREEN, Tlp.AMBER, NOTIFIES, Tlp.AMBER),
        (Tlp.GREEN, Tlp.AMBER, NOT_NOTIFIES, None),
        (Tlp.AMBER, Tlp.CLEAR, NOTIFIES, None),
        (Tlp.GREEN, Tlp.AMBER_STRICT, NOTIFIES, None),
        (Tlp.RED, Tlp.CLEAR, NOTIFIES, None),
        (Tlp.CLEAR, Tlp.RED, NOTIFIES, None),
    ],
)
def test_a_csirt_gets_no_more_than_the_affected_party_would(
    threat: Tlp, rows: Tlp, of_feed: SharingTerms, label: Tlp | None
) -> None:
    assert label_for_csirt(threat, rows, of_feed) is label
