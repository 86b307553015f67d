"""Commands as a person types them: what they refuse, with which exit code and remedy."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DataError, OperationalError

from baken.occasions.models import Occasion
from baken.outbox.models import Notification
from baken.specimen.mail_server import FolderMailServer
from small_world import YESTERDAY, Command, Ingest, make_organisation, report_text

pytestmark = pytest.mark.django_db(transaction=True)

OCCASION = """
key = "rdp-worm"
title = "A worm in remote desktop"
likelihood = "high"
impact = "high"
tlp = "TLP:AMBER"

[advice]
nl = "Doe dit vandaag nog."
en = "Do this today."

[selection]
finding_kinds = ["open-rdp"]
"""


def occasion_file(folder: Path, *changes: tuple[str, str]) -> Path:
    """A file of an occasion in which each first text stands replaced by the second."""
    text = OCCASION
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "occasion.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_reason_that_does_not_fit_is_refused_and_no_fault_of_the_database(baken: Command) -> None:
    done = baken("halt", "x" * 201)
    assert (done.exit_code, "[text-refused]" in done.err) == (65, True)
    assert "200" in done.err


def test_a_title_that_does_not_fit_is_refused(baken: Command, tmp_path: Path) -> None:
    file = occasion_file(tmp_path, ("A worm in remote desktop", "x" * 201))
    done = baken("occasion", "new", file)
    assert (done.exit_code, "[occasion-refused]" in done.err) == (65, True)
    assert "title" in done.err


def test_a_name_of_a_releaser_that_does_not_fit_is_refused(baken: Command, tmp_path: Path) -> None:
    assert baken("occasion", "new", occasion_file(tmp_path)).exit_code == 0
    done = baken("occasion", "release", "rdp-worm", "--by", "x" * 121)
    assert (done.exit_code, "[occasion-refused]" in done.err) == (65, True)


def test_a_mistake_of_ours_in_a_query_is_not_told_as_a_database_that_is_away(
    baken: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise DataError("value too long")

    monkeypatch.setattr("baken.outbox.services.resume_sending", fail)
    with pytest.raises(DataError):
        baken("resume")


def test_reading_reports_marks_what_is_gone(ingest: Ingest, baken: Command, tmp_path: Path) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", seen_at=YESTERDAY - timedelta(days=20)))
    path = tmp_path / "2026-11-23-scan_rdp-test.csv"
    path.write_text(report_text("192.0.2.8"))
    assert "1 case gone." in baken("ingest", path).out
    assert json.loads(baken("ingest", path, "--json").out)["gone"] == 0


def test_the_label_of_the_daily_feed_is_that_of_the_setting_of_today(
    ingest: Ingest, baken: Command, tmp_path: Path
) -> None:
    make_organisation("haven", "192.0.2.0/24", "haven.example.nl")
    ingest(report_text("192.0.2.7"))
    mails = tmp_path / "mails"
    strict = {"BAKEN_FEED_TLP": "TLP:AMBER+STRICT"}
    assert baken("send", "--dry-run", mails, **strict).exit_code == 0
    (mail,) = mails.glob("*.eml")
    assert b"[TLP:AMBER+STRICT]" in mail.read_bytes()
    labels = set(Occasion.objects.values_list("tlp", flat=True))
    assert labels == {"TLP:AMBER"}, "a dry run changes nothing"
    baken("send", **strict)
    assert set(Occasion.objects.values_list("tlp", flat=True)) == {"TLP:AMBER+STRICT"}
    assert Notification.objects.get().tlp == "TLP:AMBER+STRICT"


@pytest.mark.parametrize("name", ["/proc/nowhere", "/proc/nowhere.xlsx"])
def test_an_export_to_where_nothing_can_be_written_says_so(baken: Command, name: str) -> None:
    done = baken("export", name)
    assert (done.exit_code, "[output-refused]" in done.err) == (73, True)


def test_the_doctor_says_what_is_wrong_and_what_to_do(baken: Command) -> None:
    make_organisation("haven").contacts.all().delete()
    done = baken("doctor", BAKEN_SMTP_HOST="127.0.0.1", BAKEN_SMTP_PORT="1")
    assert done.exit_code == 1
    assert "FAIL constituency: 1 of 1 organisations have no mail address" in done.out
    assert "FAIL mail server" in done.out
    assert "ok   settings" in done.out


def test_the_doctor_lists_what_is_not_at_its_default_and_no_secret(baken: Command) -> None:
    secrets = {"BAKEN_SMTP_PASSWORD": "geheim", "BAKEN_STORE_S3_SECRET": "geheim"}
    done = baken("doctor", BAKEN_SMTP_HOST="127.0.0.1", BAKEN_SMTP_PORT="1", **secrets)
    assert "BAKEN_SMTP_HOST=127.0.0.1, BAKEN_SMTP_PORT=1, BAKEN_SMTP_PASSWORD=(a s" in done.out
    assert "BAKEN_STORE_S3_SECRET=(a secret)" in done.out
    assert "geheim" not in done.out + done.err


def test_occasions_are_listed_with_how_they_stand(baken: Command, tmp_path: Path) -> None:
    baken("occasion", "new", occasion_file(tmp_path))
    assert "not released" in baken("occasion", "list").out
    baken("occasion", "close", "rdp-worm")
    assert "closed" in baken("occasion", "list").out


def test_the_log_says_what_was_done_and_names_no_address(baken: Command, tmp_path: Path) -> None:
    make_organisation("haven", "192.0.2.0/24")
    path = tmp_path / "2026-11-23-scan_rdp-test.csv"
    path.write_text(report_text("192.0.2.7"))
    assert baken("ingest", path).err == "", "ordinary use is quiet"
    path.write_text(report_text("192.0.2.7", "192.0.2.8"))
    log = baken("ingest", path, BAKEN_LOG_LEVEL="info").err
    log += baken("occasion", "new", occasion_file(tmp_path)).err
    log += baken("occasion", "release", "rdp-worm", "--by", "one").err
    log += baken("occasion", "release", "rdp-worm", "--by", "two").err
    assert "notification.planned" not in baken("send", "--dry-run", tmp_path / "dry").err
    with FolderMailServer(tmp_path / "mailbox") as server:
        log += baken(
            "send",
            BAKEN_SMTP_HOST=server.host,
            BAKEN_SMTP_PORT=str(server.port),
            BAKEN_SMTP_SECURITY="none",
        ).err
    for event in (
        "batch.accepted",
        "occasion.released",
        "notification.planned",
        "delivery.finished",
    ):
        assert f"event='{event}'" in log
    assert "rows_matched=2" in log
    assert "192.0.2." not in log
    assert "@" not in log


def test_a_database_that_goes_away_in_the_middle_is_told(
    baken: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def go_away(**_: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("baken.outbox.services.resume_sending", go_away)
    done = baken("resume")
    assert (done.exit_code, "[database-unavailable]" in done.err) == (69, True)


def test_a_folder_stands_for_the_reports_in_it(baken: Command, tmp_path: Path) -> None:
    folder = tmp_path / "day"
    folder.mkdir()
    for number in range(2):
        name = f"2026-11-22-scan_rdp-{number}.csv"
        folder.joinpath(name).write_text(report_text(f"192.0.2.{number}"))
    folder.joinpath("notes.txt").write_text("no report")
    done = json.loads(baken("ingest", folder, "--json").out)
    assert [file["rows_read"] for file in done["files"]] == [1, 1]
    empty = tmp_path / "empty"
    empty.mkdir()
    refused = baken("ingest", empty)
    assert refused.exit_code == 1
    assert "folder" in refused.out


def test_what_an_import_refuses_is_told_with_the_reason_that_the_pages_explain(
    baken: Command, tmp_path: Path
) -> None:
    titled, assets = tmp_path / "titled.csv", tmp_path / "assets.csv"
    titled.write_text("Our list\nreference,name\n")
    assets.write_text("organisation,asset\nhaven,10.0.0.0/8\n")
    done = baken("import", "--dry-run", titled, assets)
    assert done.exit_code == 1
    assert f"  {titled}: The header is that of no table" in done.out
    assert "[wrong-header]" in done.out
    assert f"  {assets}, row 2, asset: '10.0.0.0/8': " in done.out
    assert "[special-range]" in done.out


def test_a_file_that_is_known_names_the_command_that_reads_it_anew(
    baken: Command, tmp_path: Path
) -> None:
    report = tmp_path / "2026-11-22-scan_rdp-test.csv"
    report.write_text(report_text("192.0.2.7"))
    assert baken("ingest", report).exit_code == 0
    assert "baken ingest --again reads it anew" in baken("run", report).out
