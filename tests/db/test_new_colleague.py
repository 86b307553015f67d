"""What a new colleague meets: what is missing is said, and so is what comes next."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from baken.jobs.sending import plan
from baken.outbox.models import Delivery, Notification, Suppression
from baken.settings.environment import Settings
from small_world import (
    YESTERDAY,
    Command,
    Ingest,
    add_contact,
    make_organisation,
    release_threat,
    report_text,
)

pytestmark = pytest.mark.django_db(transaction=True)

NOWHERE = {"BAKEN_SMTP_HOST": "127.0.0.1", "BAKEN_SMTP_PORT": "1"}
ADDRESS = "security@haven.example.nl"


def test_the_doctor_asks_where_a_recipient_can_check_a_mail(baken: Command) -> None:
    without = baken("doctor", **NOWHERE).out
    assert "FAIL sender: mails are signed National CSIRT" in without
    assert "Set BAKEN_MAIL_CONTACT_LINE" in without
    assert "FOUT afzender" in baken("doctor", "--language", "nl", **NOWHERE).out
    line = {"BAKEN_MAIL_CONTACT_LINE": "+31 70 000 0000"}
    mailbox = {"BAKEN_MAIL_REPLY_TO": "team@csirt.example.org", "BAKEN_SENDER_NAME": "CSIRT Oost"}
    said = baken("doctor", **NOWHERE, **line, **mailbox).out
    assert "ok   sender: mails are signed CSIRT Oost; answers go to team@csirt.example.org" in said
    assert "+31 70 000 0000" in said


def test_the_doctor_names_who_has_only_addresses_that_are_left_alone(baken: Command) -> None:
    organisation = make_organisation("haven", "192.0.2.0/24")
    make_organisation("zorg", "198.51.100.0/24")
    assert "refused addresses" not in baken("doctor", **NOWHERE).out
    Suppression.objects.create(address=ADDRESS, reason="asked")
    said = baken("doctor", **NOWHERE).out
    assert "FAIL refused addresses: 1 organisation cannot be told" in said
    assert said.count("Stichting haven") == 1
    assert "Stichting zorg" not in said
    add_contact(organisation, email="it@haven.example.nl")
    assert "refused addresses" not in baken("doctor", **NOWHERE).out


def test_who_suppresses_the_only_address_is_told_so(baken: Command) -> None:
    organisation = make_organisation("haven", "192.0.2.0/24")
    said = baken("suppress", ADDRESS).out
    assert "Stichting haven has no other mail address, and hears nothing from now on." in said
    assert "Add one with baken import" in said
    baken("suppress", ADDRESS, "--lift")
    add_contact(organisation, email="it@haven.example.nl")
    assert "hears nothing" not in baken("suppress", ADDRESS).out


def told_haven(ingest: Ingest, settings: Settings) -> Notification:
    """A notification to haven, accepted at the first attempt."""
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    plan(settings=settings)
    notification = Notification.objects.get()
    Delivery.objects.create(
        notification=notification, attempt=1, channel="mail", message_id="a@baken.example.nl",
        started_at=YESTERDAY, finished_at=datetime.now(UTC), state=Delivery.State.ACCEPTED,
    )  # fmt: skip
    Notification.objects.update(state=Notification.State.ACCEPTED)
    return notification


def test_a_code_that_a_recipient_reads_out_is_found(
    ingest: Ingest, settings_of_test: Settings, baken: Command
) -> None:
    notification = told_haven(ingest, settings_of_test)
    Notification.objects.update(code="K10X-4M2P-9DTW")
    for heard in ("K10X-4M2P-9DTW", "kiox 4m2p 9dtw", "KLOX4M2P9DTW"):
        said = baken("explain", heard).out
        assert "K10X-4M2P-9DTW is ours: a warning to Stichting haven (haven)" in said
        assert f"{ADDRESS} by mail" in said
        assert "[accepted, attempt 1]" in said
        assert "open-rdp on 192.0.2.7:3389/tcp" in said
    figures = json.loads(baken("explain", "K10X-4M2P-9DTW", "--json").out)
    assert figures["case_count"] == 1
    assert figures["cases"][0]["told"][0]["notification"] == str(notification.pk)
    assert "is van ons" in baken("explain", "K10X-4M2P-9DTW", "--language", "nl").out


def test_a_code_that_nothing_of_ours_bears_is_said_to_be_nobodys(baken: Command) -> None:
    done = baken("explain", "K7QX-4M2P-9DTW")
    assert (done.exit_code, "[not-found]" in done.err) == (66, True)
    assert "No warning of ours has the code K7QX-4M2P-9DTW" in done.err
    assert "dry run" in done.err


def test_an_organisation_whose_name_looks_like_a_code_is_found(baken: Command) -> None:
    make_organisation("K7QX4M2P9DTW")
    assert "is registered" in baken("explain", "K7QX4M2P9DTW").out


def test_lists_that_are_empty_say_how_to_fill_them(baken: Command) -> None:
    assert "No address is suppressed. baken suppress ADDRESS" in baken("suppress").out
    assert "There are no occasions yet" in baken("occasion", "list").out
    assert "baken import" in baken("explain", "192.0.2.1").out
    make_organisation("haven", "198.51.100.0/24")
    assert "baken import" not in baken("explain", "192.0.2.1").out


def test_a_dry_run_says_who_cannot_be_told_and_that_there_is_nothing_to_tell(
    ingest: Ingest, baken: Command, tmp_path: Path
) -> None:
    said = baken("send", "--dry-run", tmp_path / "a").out
    assert "Nothing is to be told: no open case is new, worse or due for a reminder." in said
    make_organisation("haven", "192.0.2.0/24").contacts.all().delete()
    ingest(report_text("192.0.2.7"))
    done = baken("send", "--dry-run", tmp_path / "b")
    assert "1 organisation cannot be told everything: they have no contact" in done.out
    assert "Stichting haven" in done.out
    figures = json.loads(baken("send", "--dry-run", tmp_path / "b", "--json").out)
    assert figures["unreachable"] == [
        {"reference": "haven", "name": "Stichting haven", "rule": "no-contact"}
    ]


def test_who_sends_while_sending_is_halted_reads_since_when_and_why(baken: Command) -> None:
    baken("halt", "the mail server moves")
    done = baken("send")
    assert (done.exit_code, "[sending-halted]" in done.err) == (75, True)
    assert "the mail server moves" in done.err
    assert f"since {datetime.now(UTC):%Y-%m-%d}" in done.err


def sheets(folder: Path, **tables: str) -> list[Path]:
    """Each of `tables` as a CSV file with that name."""
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return [folder / f"{name}.csv" for name in sorted(tables)]


def test_an_import_names_the_cause_before_what_follows_from_it(
    baken: Command, tmp_path: Path
) -> None:
    files = sheets(
        tmp_path,
        assets="organisation,asset\nhaven,192.0.2.0/24\n",
        organisations="reference,name,rhythm\nhaven,Haven,dagelijks\n",
    )
    done = baken("import", *files)
    assert done.exit_code == 1
    assert done.out.index("[unknown-choice]") < done.out.index("[unknown-organisation]")
    assert "or leave it empty for the rhythm of the service" in done.out


def test_an_export_says_what_it_wrote_and_where(baken: Command, tmp_path: Path) -> None:
    make_organisation("haven", "192.0.2.0/24")
    said = baken("export", tmp_path / "out.xlsx").out
    assert "1 organisation, 1 contact and 1 asset written" in said
    assert str(tmp_path / "out.xlsx") in said
    said = baken("export", tmp_path / "folder").out
    for name in ("organisations", "contacts", "assets"):
        assert str(tmp_path / "folder" / f"{name}.csv") in said


def test_a_look_back_under_a_closed_occasion_says_that_it_is_closed(
    ingest: Ingest, baken: Command
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    release_threat("worm")
    assert "closed" not in baken("lookback", "--occasion", "worm").out
    baken("occasion", "close", "worm")
    assert (
        "worm is closed: it warns nobody any more." in baken("lookback", "--occasion", "worm").out
    )


def test_the_occasions_are_listed_as_json(baken: Command) -> None:
    release_threat("worm")
    (found,) = json.loads(baken("occasion", "list", "--json").out)["occasions"]
    assert (found["key"], found["state"]) == ("worm", "released")


def test_an_organisation_is_explained_with_the_addresses_of_its_contacts(baken: Command) -> None:
    organisation = make_organisation("haven", "192.0.2.0/24")
    add_contact(organisation, name="Jan", phone="+31700000000", email="jan@haven.example.nl")
    gone = add_contact(organisation, name="Piet", email="piet@haven.example.nl")
    gone.routes.update(valid_until=YESTERDAY)
    Suppression.objects.create(address="jan@haven.example.nl", reason="asked")
    said = baken("explain", "haven").out
    assert f"Contacts: {ADDRESS} (security, nl), " in said
    refused = "jan@haven.example.nl (refused our mail or asked us to stop)"
    assert f"Jan <{refused}, +31700000000> (general, nl)" in said
    assert "Piet <no address in use> (general, nl)" in said
    assert "piet@haven.example.nl" not in said


def test_an_organisation_is_found_by_the_mail_address_of_a_contact(baken: Command) -> None:
    make_organisation("haven", "192.0.2.0/24")
    assert "Stichting haven (haven) is registered" in baken("explain", ADDRESS.upper()).out
    add_contact(make_organisation("zorg"), email=ADDRESS)
    done = baken("explain", ADDRESS)
    assert (done.exit_code, "[not-found]" in done.err) == (66, True)
    assert "Stichting haven (haven), Stichting zorg (zorg)" in done.err


def test_an_import_after_a_report_says_that_old_reports_wait_for_match(
    ingest: Ingest, baken: Command, tmp_path: Path
) -> None:
    tables = {
        "assets": "organisation,asset\nhaven,192.0.2.0/24\n",
        "contacts": f"organisation,email\nhaven,{ADDRESS}\n",
        "organisations": "reference,name\nhaven,Haven\n",
    }
    hint = "baken match finds what was seen there before"
    assert hint not in baken("import", "--dry-run", *sheets(tmp_path, **tables)).out
    make_organisation("zorg", "198.51.100.0/24")
    ingest(report_text("192.0.2.7"))
    assert hint in baken("import", *sheets(tmp_path, **tables)).out
    assert "1 row read = 1 matched + 0 unmatched; 1 case opened" in baken("match").out
    assert hint not in baken("import", *sheets(tmp_path, **tables)).out, "nothing is new"
