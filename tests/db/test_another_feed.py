"""A feed new to Baken, through everything: its own module and one line in the table."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

import baken.feeds
import made_up_feed
from baken.cases.models import Case
from baken.core.classification import Severity, Tlp
from baken.core.sharing import SharingTerms
from baken.feeds import FEEDS
from baken.intake.models import Batch
from baken.jobs.sending import plan
from baken.occasions.models import Occasion
from baken.outbox.models import Notification
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer
from made_up_feed import KEY, KIND, MadeUpFeed, made_up_document, made_up_record
from small_world import YESTERDAY, Command, Ingest, hand_over, make_organisation, report_text

pytestmark = pytest.mark.django_db(transaction=True)

SOURCE = Path(baken.feeds.__file__).parent.parent


@pytest.fixture(autouse=True)
def _one_more_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baken.feeds, "FEEDS", MappingProxyType({**FEEDS, KEY: MadeUpFeed()}))


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """A folder with a report of either feed, and a file of none."""
    folder = tmp_path / "day"
    folder.mkdir()
    (folder / "sinkhole.json").write_bytes(
        made_up_document(
            made_up_record("192.0.2.7", seen_at=YESTERDAY),
            {"address": "nowhere"},
            made_up_record("203.0.113.9", seen_at=YESTERDAY),
        )
    )
    (folder / "2026-11-22-scan_rdp-test.csv").write_text(report_text("192.0.2.7"))
    (folder / "notes.txt").write_text("no report")
    return folder


def threat_file(folder: Path) -> Path:
    """A threat about what only the made-up feed brings."""
    path = folder / "threat.toml"
    path.write_text(
        f"""
        key = "made-up-worm"
        title = "A worm"
        likelihood = "high"
        impact = "high"
        tlp = "TLP:AMBER"
        advice = {{ nl = "Doe dit vandaag nog.", en = "Do this today." }}
        selection = {{ finding_kinds = ["{KIND}"], feeds = ["{KEY}"] }}
        """
    )
    return path


def test_its_reports_are_recognised_stored_matched_and_told(
    baken: Command, day: Path, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    done = json.loads(baken("ingest", day, "--json").out)

    assert [(file["file"], file["feed"]) for file in done["files"]] == [
        ("2026-11-22-scan_rdp-test.csv", "shadowserver"),
        ("sinkhole.json", KEY),
    ]
    batch = Batch.objects.get(feed=KEY)
    assert (batch.rows_matched, batch.rows_unmatched, batch.rows_quarantined) == (1, 1, 1)
    assert batch.quarantined_rows.get().line == 2, "the second record"
    assert sum(file.rows for file in batch.stored_files.all()) == 2
    case = Case.objects.get(feed=KEY)
    assert (case.finding_kind, case.system) == (KIND, "192.0.2.7")
    standing = Occasion.objects.filter(feeds=[KEY], kind=Occasion.Kind.STANDING)
    assert standing.count() == len(Severity)

    host, port = server.host, str(server.port)
    to = {"BAKEN_SMTP_HOST": host, "BAKEN_SMTP_PORT": port, "BAKEN_SMTP_SECURITY": "none"}
    assert baken("send", **to).exit_code == 0
    case.refresh_from_db()
    assert case.told_at is not None
    bodies = [mail.get_body(("plain",)).get_content() for mail in server.messages()]
    assert any("Malware: made-up-worm" in body for body in bodies)
    assert not any("ptr" in body for body in bodies)


def test_a_round_guesses_whose_each_file_is(baken: Command, day: Path) -> None:
    done = json.loads(baken("run", *sorted(day.iterdir()), "--json").out)
    assert [file.get("feed", file.get("refused")) for file in done["files"]] == [
        "shadowserver",
        "report-refused",
        KEY,
    ]
    assert f"{KEY}, shadowserver" in done["files"][1]["why"], "who was asked"


def test_a_file_is_read_by_the_feed_that_is_named(baken: Command, day: Path) -> None:
    refused = baken("ingest", day / "sinkhole.json", "--feed", "shadowserver")
    assert (refused.exit_code, "refused" in refused.out) == (1, True)
    unknown = baken("ingest", day / "sinkhole.json", "--feed", "nobody")
    assert (unknown.exit_code, "[not-found]" in unknown.err) == (66, True)
    assert KEY in unknown.err
    assert baken("ingest", day / "sinkhole.json", "--feed", KEY).exit_code == 0


def test_only_feeds_in_use_get_standing_occasions(baken: Command, day: Path) -> None:
    baken("ingest", day / "sinkhole.json")
    assert all(occasion.feeds == [KEY] for occasion in Occasion.objects.all())


def test_a_threat_may_name_it_and_what_it_finds(baken: Command, tmp_path: Path) -> None:
    assert baken("occasion", "new", threat_file(tmp_path)).exit_code == 0
    occasion = Occasion.objects.get(key="made-up-worm")
    assert (occasion.feeds, occasion.finding_kinds) == ([KEY], [KIND])


def test_the_doctor_shows_how_it_fares(baken: Command, day: Path) -> None:
    assert f"FAIL {KEY}: nothing came in yet" in baken("doctor").out
    baken("ingest", day / "sinkhole.json")
    said = baken("doctor").out
    assert f"ok   {KEY}: the last report came in at" in said
    assert f"ok   {KEY}: reads made-up-sinkhole/1" in said
    assert "ok   shadowserver: nothing came in yet" in said, "it is not in use"

    batch = Batch.objects.get(feed=KEY)
    Batch.objects.update(received_at=batch.received_at - timedelta(hours=13))
    said = baken("doctor").out
    assert f"FAIL {KEY}: the last report came in at" in said
    assert "Reports come every 6 hours: see why the download stopped." in said


def test_it_took_one_module_and_one_line_in_the_table() -> None:
    assert baken.feeds.FEEDS.keys() - FEEDS.keys() == {KEY}
    module = Path(made_up_feed.__file__)
    knowing = [path for path in SOURCE.rglob("*.*") if _speaks_of(path, KEY, KIND, module.stem)]
    assert knowing == [], "nothing of the house was touched for it, not even for its words"
    imported = {
        line.split()[1]
        for line in module.read_text().splitlines()
        if line.startswith(("from baken", "import baken"))
    }
    assert all(name.startswith(("baken.core.", "baken.feeds.")) for name in imported)


def _speaks_of(path: Path, *words: str) -> bool:
    content = path.read_bytes() if path.is_file() else b""
    return any(word.encode() in content for word in words)


STRICT = Tlp.AMBER_STRICT


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (SharingTerms(STRICT), "its label became stricter: TLP:AMBER+STRICT"),
        (SharingTerms(Tlp.RED), "it became TLP:RED, and its channel cannot encrypt"),
        (SharingTerms(STRICT, may_notify_affected=False), "the source must permit it first"),
        (SharingTerms(Tlp.RED, may_notify_affected=False), "the source must permit it first"),
    ],
)
def test_terms_that_became_stricter_since_hold_back_what_waits(
    monkeypatch: pytest.MonkeyPatch,
    ingest: Ingest,
    sending: Settings,
    server: FolderMailServer,
    now: SharingTerms,
    reason: str,
) -> None:
    make_organisation("haven", "192.0.2.0/24", "haven.example.nl")
    ingest(made_up_document(made_up_record("192.0.2.7", seen_at=YESTERDAY)), name="day.json")
    assert plan(settings=sending).notifications == 1
    monkeypatch.setattr(MadeUpFeed, "terms", now)
    assert hand_over(sending).accepted == 0
    notification = Notification.objects.get()
    assert (notification.state, notification.state_reason) == ("withdrawn", reason)
    plan(settings=sending)
    hand_over(sending)
    labels = [mail["Subject"].partition("]")[0] for mail in server.messages()]
    assert labels == (["[TLP:AMBER+STRICT"] if now == SharingTerms(STRICT) else [])


def test_terms_that_became_wider_since_widen_nothing_that_is_known(
    monkeypatch: pytest.MonkeyPatch, ingest: Ingest, sending: Settings, server: FolderMailServer
) -> None:
    make_organisation("haven", "192.0.2.0/24", "haven.example.nl")
    monkeypatch.setattr(MadeUpFeed, "terms", SharingTerms(STRICT))
    ingest(made_up_document(made_up_record("192.0.2.7", seen_at=YESTERDAY)), name="day.json")
    plan(settings=sending)
    monkeypatch.setattr(MadeUpFeed, "terms", SharingTerms(Tlp.CLEAR))
    hand_over(sending)
    (mail,) = server.messages()
    assert "TLP:AMBER+STRICT" in mail["Subject"]
