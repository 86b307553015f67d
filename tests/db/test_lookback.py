"""A new threat is looked for in what is stored, before anything is written or sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from baken.cases.models import Case
from baken.cases.selectors import cases_under, is_covered_by
from baken.constituency.models import Contact, Organisation
from baken.intake.selectors import stored_files
from baken.occasions.models import Occasion
from baken.outbox.models import Notification
from baken.settings.environment import Settings
from small_world import YESTERDAY, Command, Ingest, make_organisation, report_text

pytestmark = pytest.mark.django_db(transaction=True)

Threat = Callable[[str], None]

THREAT = """
key = "worm"
title = "A worm"
likelihood = "high"
impact = "high"
tlp = "TLP:AMBER"
[advice]
nl = "Doe dit."
en = "Do this."
[selection]
{selection}
"""


@pytest.fixture
def threat(baken: Command, tmp_path: Path) -> Threat:
    def make(selection: str) -> None:
        path = tmp_path / "worm.toml"
        path.write_text(THREAT.format(selection=selection))
        assert baken("occasion", "new", path).exit_code == 0

    return make


def figures(baken: Command, *more: str) -> dict[str, object]:
    done = baken("lookback", "--occasion", "worm", "--json", *more)
    assert done.exit_code == 0, done.err
    return dict(json.loads(done.out))


def test_who_signed_up_later_is_found_and_then_warned(
    ingest: Ingest, baken: Command, threat: Threat
) -> None:
    ingest(report_text("192.0.2.7", "192.0.2.8", "203.0.113.9"))
    make_organisation("haven", "192.0.2.0/24")
    threat('finding_kinds = ["open-rdp"]')
    seen = figures(baken)
    assert (seen["rows_selected"], seen["rows_matched"], seen["rows_unmatched"]) == (3, 2, 1)
    assert seen["organisations_to_warn"] == 1
    assert Case.objects.count() == Notification.objects.count() == 0, "looking writes nothing"
    said = baken("lookback", "--occasion", "worm").out
    assert "1 organisation would be warned" in said
    assert "Stichting haven (haven): 2 rows" in said
    matched = json.loads(baken("match", "--occasion", "worm", "--json").out)
    assert (matched["rows_read"], matched["rows_matched"], matched["rows_unmatched"]) == (3, 2, 1)
    assert matched["cases_opened"] == 2
    baken("send")
    assert Notification.objects.get().organisation.reference == "haven"


def test_everybody_who_would_not_be_warned_is_counted_with_the_reason(
    ingest: Ingest, baken: Command, threat: Threat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEN_AMBER_REACHES_UNREGISTERED", "yes")
    make_organisation("haven", "192.0.2.0/25")
    make_organisation("net", "192.0.2.0/24")  # only operator
    mute = make_organisation("mute", "198.51.100.0/24")
    Contact.objects.filter(organisation=mute).delete()
    found = make_organisation("found", "203.0.113.0/24")
    found.standing = Organisation.Standing.DISCOVERED
    found.save()
    ingest(report_text("192.0.2.7", "198.51.100.7", "203.0.113.7"))
    threat('finding_kinds = ["open-rdp"]')
    seen = figures(baken)
    assert seen["organisations_seen"] == 4
    assert seen["organisations_to_warn"] == 2, "the threat is grave: it may warn unasked"
    assert seen["organisations_silent"] == {"operator": 1, "no-contact": 1}
    Occasion.objects.update(impact=2)
    assert figures(baken)["organisations_silent"] == {
        "operator": 1, "no-contact": 1, "not-registered": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("selection", "rows_selected"),
    [
        ('products = ["dionaea"]', 0),
        ('products = ["apache httpd 2.4.49"]', 1),
        ('cves = ["CVE-2021-41773"]', 1),
        ('cves = ["CVE-2021-41774"]', 0),
        ('finding_kinds = ["open-rdp"]\nseverities = ["low"]', 0),
        ('finding_kinds = ["open-rdp"]\nseverities = ["high"]\nfeeds = ["shadowserver"]', 1),
    ],
)
def test_what_is_selected_by_each_side(
    ingest: Ingest, baken: Command, threat: Threat, selection: str, rows_selected: int
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    web = "timestamp,severity,ip,protocol,port,hostname,tag,asn,server\n"
    row = f'"{YESTERDAY:%Y-%m-%d %H:%M:%S}",critical,192.0.2.9,tcp,80,,{{}},64500,{{}}\n'
    rows = row.format("http;CVE-2021-41773", "Apache httpd 2.4.49") + row.format("http", "nginx")
    ingest(web + rows, name="2026-11-22-scan_http_vulnerable-test.csv")
    threat(selection)
    assert figures(baken)["rows_selected"] == rows_selected
    assert (
        json.loads(baken("match", "--occasion", "worm", "--json").out)["rows_read"] == rows_selected
    )
    covered = cases_under(Occasion.objects.get(key="worm"))
    one_by_one = [
        case for case in Case.objects.all() if is_covered_by(case, Occasion.objects.get(key="worm"))
    ]
    assert set(covered) == set(one_by_one), "columns, SQL and values say the same"
    assert bool(covered) is bool(rows_selected)


def test_a_damaged_file_is_told_and_leaves_the_others(
    ingest: Ingest, baken: Command, threat: Threat, settings_of_test: Settings
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    ingest(report_text("192.0.2.8", seen_at=YESTERDAY + timedelta(minutes=1)))
    first, _ = stored_files().order_by("batch")
    path = Path(url2pathname(urlsplit(settings_of_test.store_url).path)) / first.path
    path.write_bytes(path.read_bytes()[:-40])
    threat('finding_kinds = ["open-rdp"]')
    for command in (("lookback", "--occasion", "worm"), ("match",)):
        done = baken(*command, "--json")
        assert done.exit_code == 1
        said = json.loads(done.out)
        assert said["rows_matched"] == 1
        (problem,) = said["problems"]
        assert first.path in problem


def test_an_occasion_that_is_not_there_is_told(baken: Command) -> None:
    done = baken("lookback", "--occasion", "nothing")
    assert (done.exit_code, "There is no occasion nothing" in done.err) == (66, True)


def test_an_empty_store_says_what_to_do(baken: Command, threat: Threat) -> None:
    threat('finding_kinds = ["open-rdp"]')
    assert "reports come in with baken ingest" in baken("lookback", "--occasion", "worm").out


def test_a_cluster_must_be_named(baken: Command) -> None:
    done = baken("match", "--engine", "spark")
    assert done.exit_code == 78
    assert "BAKEN_SPARK_MASTER" in done.err


def test_an_occasion_is_shown_with_what_it_covers(
    ingest: Ingest, baken: Command, threat: Threat
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7", "192.0.2.8"))
    threat('finding_kinds = ["open-rdp"]')
    assert baken("occasion", "release", "worm", "--by", "one").exit_code == 0
    said = baken("occasion", "show", "worm").out
    assert "covers 2 open cases of 1 organisation" in said
    assert "released by one" in said
    assert "1 of 2 released" in baken("occasion", "list").out
    shown = json.loads(baken("occasion", "show", "worm", "--json").out)
    assert shown["selection"] == {"finding_kinds": ["open-rdp"]}
    assert (shown["open_cases"], shown["organisations"]) == (2, 1)


def test_an_occasion_is_shown_with_its_severities_by_name(baken: Command, threat: Threat) -> None:
    threat('finding_kinds = ["open-rdp"]\nseverities = ["high", "critical"]')
    assert "    severities: high, critical\n" in baken("occasion", "show", "worm").out
    shown = json.loads(baken("occasion", "show", "worm", "--json").out)
    assert shown["selection"]["severities"] == ["high", "critical"]


def test_a_closed_occasion_is_shown_as_closed(baken: Command, threat: Threat) -> None:
    threat('finding_kinds = ["open-rdp"]')
    assert "closed" not in baken("occasion", "show", "worm").out
    assert baken("occasion", "close", "worm").exit_code == 0
    assert f"    closed {datetime.now(UTC):%Y-%m-%d}" in baken("occasion", "show", "worm").out


def test_what_to_do_after_looking_back_depends_on_the_release(
    ingest: Ingest, baken: Command, threat: Threat
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    threat('finding_kinds = ["open-rdp"]')
    look = ("lookback", "--occasion", "worm")
    assert "To warn them: two people release it (baken occasion release worm)" in baken(*look).out
    for name in ("one", "two"):
        assert baken("occasion", "release", "worm", "--by", name).exit_code == 0
    assert "To warn them: baken match --occasion worm, then baken send." in baken(*look).out


def test_the_mails_of_a_threat_can_be_seen_before_it_is_released(
    ingest: Ingest, baken: Command, threat: Threat, tmp_path: Path
) -> None:
    make_organisation("haven", "192.0.2.0/24")
    ingest(report_text("192.0.2.7"))
    threat('finding_kinds = ["open-rdp"]')
    folder = tmp_path / "mails"
    done = baken("send", "--dry-run", folder, "--occasion", "worm")
    assert "1 mail written" in done.out
    (mail,) = folder.glob("*.eml")
    assert "A worm" in mail.read_text()
    assert Occasion.objects.get(key="worm").released_at is None
    assert Notification.objects.count() == 0
    assert baken("send", "--occasion", "worm").exit_code == 2
