"""What waits is matched again when the constituency changed: nobody gets another's system."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from baken.cases.models import Case
from baken.channels import Message
from baken.constituency.models import Asset, Contact, Organisation
from baken.jobs.sending import dry_run_into, plan
from baken.outbox.models import Notification
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from recorder import road, run
from small_world import (
    YESTERDAY,
    Command,
    Ingest,
    hand_over,
    make_organisation,
    release_threat,
    report_text,
)

pytestmark = pytest.mark.django_db(transaction=True)

HAVEN, ZORG = "security@haven.example.nl", "security@zorg.example.nl"
WEBSITES = "timestamp,severity,ip,port,http_host,tag,asn\n"


def site_report(*names: str, address: str = "198.51.100.9") -> str:
    rows = [
        f'"{YESTERDAY:%Y-%m-%d %H:%M:%S}",critical,{address},443,{n},injected,64500\n'
        for n in names
    ]
    return WEBSITES + "".join(rows)


def account_report(*accounts: str) -> str:
    rows = [f'"{YESTERDAY:%Y-%m-%d %H:%M:%S}",high,{one},leak\n' for one in accounts]
    return "timestamp,severity,email,tag\n" + "".join(rows)


def told(server: FolderMailServer) -> list[str]:
    return sorted(mail["To"] for mail in server.messages())


def relations() -> dict[str, str]:
    """Each organisation with what it is to the one system."""
    return dict(Case.objects.values_list("organisation__reference", "relation"))


def import_zorg(baken: Command, folder: Path, asset: str) -> None:
    """The second organisation comes in as a person brings it in."""
    tables = {
        "organisations": "reference,name\nzorg,Stichting zorg\n",
        "contacts": f"organisation,role,email\nzorg,security,{ZORG}\n",
        "assets": f"organisation,asset\nzorg,{asset}\n",
    }
    sheets = folder / "sheets"
    sheets.mkdir(exist_ok=True)
    for name, text in tables.items():
        (sheets / f"{name}.csv").write_text(text)
    done = baken("import", sheets, BAKEN_ALLOW_DOCUMENTATION_RANGES="yes")
    assert done.exit_code == 0, done.out + done.err


def write_zorg(asset: str) -> None:
    """As another writer would: nothing but the tables changes."""
    make_organisation("zorg", asset)


@pytest.mark.parametrize("is_planned", [True, False])
@pytest.mark.parametrize("is_imported", [True, False])
def test_a_narrower_network_brought_in_before_sending_takes_the_system_over(
    ingest: Ingest,
    sending: Settings,
    server: FolderMailServer,
    baken: Command,
    tmp_path: Path,
    is_planned: bool,
    is_imported: bool,
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    if is_planned:
        assert plan(settings=sending).notifications == 1
    if is_imported:
        import_zorg(baken, tmp_path, "192.0.2.0/28")
    else:
        write_zorg("192.0.2.0/28")
    hand_over(sending)
    assert server.messages() == [], "haven must not get the system of zorg"
    plan(settings=sending)
    hand_over(sending)
    assert told(server) == [ZORG]
    assert relations() == {"haven": "operator", "zorg": "owner"}
    if is_planned:
        first = Notification.objects.get(organisation__reference="haven")
        assert first.state == Notification.State.WITHDRAWN
        assert first.state_reason == "a system in it is another organisation's by now"
    assert Case.objects.get(organisation__reference="haven").told_at is None
    plan(settings=sending)
    hand_over(sending)
    assert told(server) == [ZORG], "and once"


def test_the_import_itself_says_what_it_moved_and_explain_knows(
    ingest: Ingest, baken: Command, tmp_path: Path
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    import_zorg(baken, tmp_path, "192.0.2.7/32")
    assert relations() == {"haven": "operator", "zorg": "owner"}
    explained = baken("explain", "192.0.2.7").out
    assert "192.0.2.7/32" in explained


def test_a_dry_run_of_an_import_matches_nothing_again(
    ingest: Ingest, baken: Command, tmp_path: Path
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    (tmp_path / "assets.csv").write_text("organisation,asset\nhaven,192.0.2.7/32\n")
    baken("import", "--dry-run", tmp_path / "assets.csv", BAKEN_ALLOW_DOCUMENTATION_RANGES="yes")
    assert Case.objects.get().asset_value == "192.0.2.0/24"


def test_a_more_precise_domain_takes_the_site_over(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "example.nl")
    ingest(site_report("shop.zorg.example.nl"), name="2026-11-22-compromised_website-test.csv")
    plan(settings=sending)
    write_zorg("zorg.example.nl")
    hand_over(sending)
    assert server.messages() == []
    (first,) = Notification.objects.all()
    assert first.state_reason == "a system in it is no longer the organisation's"
    plan(settings=sending)
    hand_over(sending)
    assert told(server) == [ZORG]


def test_a_more_precise_mail_domain_takes_the_account_over(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "example.nl")
    text = account_report("jan@zorg.example.nl")
    ingest(text, name="2026-11-22-compromised_account-test.csv")
    assert Case.objects.get().email_domain == "zorg.example.nl"
    plan(settings=sending)
    write_zorg("zorg.example.nl")
    hand_over(sending)
    plan(settings=sending)
    hand_over(sending)
    assert told(server) == [ZORG]


def test_a_network_takes_over_what_only_an_as_number_held(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "AS64500")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    write_zorg("192.0.2.0/24")
    hand_over(sending)
    assert server.messages() == []
    plan(settings=sending)
    hand_over(sending)
    assert told(server) == [ZORG]
    assert relations() == {"haven": "operator", "zorg": "owner"}


def test_an_as_number_registered_later_counts_when_nothing_narrower_does_any_more(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    write_zorg("AS64500")
    Asset.objects.filter(organisation__reference="haven").delete()
    hand_over(sending)
    plan(settings=sending)
    hand_over(sending)
    assert told(server) == [ZORG]


def test_an_asset_that_ended_before_it_was_seen_leaves_the_system_to_who_covers_it(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("zorg", "192.0.2.0/24")
    make_organisation("haven", "192.0.2.0/28")
    ingest(report_text("192.0.2.7"))
    assert relations() == {"haven": "owner", "zorg": "operator"}
    plan(settings=sending)
    Asset.objects.filter(value="192.0.2.0/28").update(valid_until=YESTERDAY - timedelta(hours=1))
    hand_over(sending)
    assert server.messages() == []
    plan(settings=sending)
    hand_over(sending)
    assert told(server) == [ZORG]


def test_an_organisation_that_is_removed_leaves_the_system_to_who_covers_it(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("zorg", "192.0.2.0/24")
    make_organisation("haven", "192.0.2.0/28")
    ingest(report_text("192.0.2.7"))
    Organisation.objects.get(reference="haven").delete()
    plan(settings=sending)
    hand_over(sending)
    assert told(server) == [ZORG]
    assert relations() == {"zorg": "owner"}


def test_no_organisation_is_removed_from_under_its_cases(ingest: Ingest) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    Contact.objects.all().delete()
    Asset.objects.all().delete()
    with pytest.raises(IntegrityError, match="has cases"), transaction.atomic():
        Organisation.objects.all()._raw_delete("default")
    assert Organisation.objects.count() == Case.objects.count() == 1
    Organisation.objects.all().delete()
    assert Organisation.objects.count() == Case.objects.count() == 0


def test_who_holds_the_same_network_is_told_too(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    write_zorg("192.0.2.0/24")
    hand_over(sending)
    plan(settings=sending)
    hand_over(sending)
    assert told(server) == [HAVEN, ZORG]
    assert set(Case.objects.values_list("is_shared", flat=True)) == {True}


def test_what_else_stands_in_the_notification_is_told_again(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24", "2001:db8::/32")
    ingest(report_text("192.0.2.7", "192.0.2.200", "2001:db8::7", "2001:db8:1::7"))
    plan(settings=sending)
    make_organisation("zorg", "192.0.2.0/28", "2001:db8:1::/48")
    hand_over(sending)
    plan(settings=sending)
    hand_over(sending)
    texts = {mail["To"]: str(mail.get_body(("plain",)).get_content()) for mail in server.messages()}
    assert texts.keys() == {HAVEN, ZORG}
    for address, recipient in (
        ("192.0.2.7", ZORG),
        ("192.0.2.200", HAVEN),
        ("2001:db8::7", HAVEN),
        ("2001:db8:1::7", ZORG),
    ):
        assert {to for to, text in texts.items() if address in text} == {recipient}


def test_what_comes_in_while_a_run_is_under_way_stops_the_rest_of_it(
    ingest: Ingest, settings_of_test: Settings
) -> None:
    for number in range(4):
        make_organisation(f"org-{number}", f"198.18.{number}.0/24")
    ingest(report_text(*(f"198.18.{number}.1" for number in range(4))))
    assert plan(settings=settings_of_test).notifications == 4
    sent: list[str] = []

    def bring_in_once(message: Message) -> str:
        if not sent:
            others = ["198.18.0.0/28", "198.18.1.0/28", "198.18.2.0/28", "198.18.3.0/28"]
            make_organisation("zorg", *others)
        sent.append(message.recipient_address)
        return "250 ok"

    outcome = run(road(bring_in_once), settings_of_test)
    assert (len(sent), outcome.accepted, outcome.left) == (1, 1, 0)
    assert Notification.objects.filter(state=Notification.State.WITHDRAWN).count() == 3
    plan(settings=settings_of_test)
    run(road(bring_in_once), settings_of_test)
    assert sent[1:] == [ZORG]


def test_a_dry_run_shows_who_would_be_told_and_changes_nothing(
    ingest: Ingest, sending: Settings, tmp_path: Path
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    write_zorg("192.0.2.0/28")
    assert dry_run_into(tmp_path / "dry", settings=sending).messages == 1
    (mail,) = (tmp_path / "dry").glob("*.eml")
    assert ZORG in mail.read_text()
    assert relations() == {"haven": "owner"}


def test_what_was_told_already_is_told_to_the_other_and_no_reminder_follows(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    hand_over(sending)
    write_zorg("192.0.2.0/28")
    plan(settings=sending)
    hand_over(sending)
    assert told(server) == [HAVEN, ZORG]
    other = Case.objects.get(organisation__reference="zorg")
    first = Case.objects.get(organisation__reference="haven")
    assert (other.first_seen_at, other.sightings, other.batch_id, other.evidence, other.cves) == (
        first.first_seen_at, first.sightings, first.batch_id, first.evidence, first.cves,
    )  # fmt: skip
    later = replace(sending, reminder_after=dict.fromkeys(sending.reminder_after, timedelta(0)))
    ingest(report_text("192.0.2.7", seen_at=datetime.now(UTC) + timedelta(minutes=1)))
    plan(settings=later)
    hand_over(later)
    assert told(server) == [HAVEN, ZORG, ZORG]


def test_a_threat_goes_to_who_holds_it_now(
    ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", severity="info"))
    release_threat("rdp-worm")
    plan(settings=sending)
    write_zorg("192.0.2.0/28")
    hand_over(sending)
    plan(settings=sending)
    hand_over(sending)
    assert told(server) == [ZORG]


def test_nothing_is_matched_again_while_the_assets_stay_as_they_are(
    ingest: Ingest, sending: Settings
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    Case.objects.update(relation="operator")
    ingest(report_text("192.0.2.8"))
    plan(settings=sending)
    assert Case.objects.get(address="192.0.2.7").relation == "operator"


def test_explain_says_in_both_languages_why_it_was_withdrawn(
    ingest: Ingest, sending: Settings, baken: Command, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=sending)
    write_zorg("192.0.2.0/28")
    hand_over(sending)
    assert server.messages() == []
    assert (
        "withdrawn: a system in it is another organisation's by now"
        in baken("explain", "192.0.2.7").out
    )
    assert (
        "ingetrokken: een systeem erin is nu van een andere organisatie"
        in baken("explain", "192.0.2.7", "--language", "nl").out
    )


@pytest.mark.parametrize("asset", ["192.0.2.88/29", "192.0.2.90/32"])
def test_a_network_that_a_row_names_is_matched_again_as_a_network(
    ingest: Ingest, sending: Settings, asset: str
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    seen = f"{YESTERDAY:%Y-%m-%d %H:%M:%S}"
    text = f'timestamp,severity,ip,source,reason\n"{seen}",high,192.0.2.88/29,made-up,spam\n'
    ingest(text, name="2026-11-26-blocklist-test.csv")
    assert Case.objects.get().system == "192.0.2.88/29"
    write_zorg(asset)
    plan(settings=sending)
    before = set(Case.objects.values_list("organisation__reference", "relation", "rule"))
    ingest(text, name="2026-11-26-blocklist-test.csv", again=True)
    again = set(Case.objects.values_list("organisation__reference", "relation", "rule"))
    assert before == again, "as when the report came in now"
    assert ("zorg", "owner") in {(who, relation) for who, relation, _ in again}
