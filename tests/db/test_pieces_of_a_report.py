"""However a report is cut into pieces, the cases it makes are the same."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from baken.cases import statements
from baken.cases.models import Case
from baken.cases.sightings import SIGHTING_COLUMNS, copy_text
from baken.cases.writing import CaseCounts, cases_of_sightings
from baken.core.detail import Detail, read_details
from baken.intake.services import ReportFile, begin_batch
from small_world import YESTERDAY, make_organisation

pytestmark = pytest.mark.django_db

_SCHEMA = {
    **dict.fromkeys(SIGHTING_COLUMNS, pl.String),
    **dict.fromkeys(
        ("organisation_id", "asset_id", "severity", "sightings", "port", "strength"), pl.Int64
    ),
    "is_shared": pl.Boolean,
    "has_details": pl.Boolean,
    "first_seen_at": pl.Datetime("us", "UTC"),
    "last_seen_at": pl.Datetime("us", "UTC"),
}


def sighting(**changes: Any) -> dict[str, Any]:
    at = changes.pop("at", YESTERDAY)
    plain: dict[str, Any] = {
        "finding_kind": "open-rdp", "system": "192.0.2.7:3389/tcp", "relation": "owner",
        "rule": "longest-prefix", "is_shared": False, "severity": 2, "first_seen_at": at,
        "last_seen_at": at, "sightings": 1, "feed": "shadowserver", "report_type": "scan_rdp",
        "rsit_taxonomy": "vulnerable", "rsit_type": "vulnerable-system",
        "affected_role": "service", "address_role": "vulnerable", "address": "192.0.2.7",
        "port": 3389, "transport": "tcp",
        "cves": "{}", "tlp": "TLP:AMBER", "evidence": "{}", "has_details": False,
        "strength": 1,
    }  # fmt: skip
    return plain | changes


def write(*pieces: Sequence[dict[str, Any]], refresh: str = statements.REFRESH_CASES) -> CaseCounts:
    name = f"{len(pieces)} {Case.objects.count()} {hash(str(pieces))}"
    batch = begin_batch(
        ReportFile(
            "shadowserver", "scan_rdp", file_name=name, content_sha256=name, report_date=None
        ),
        now=datetime.now(UTC),
    )
    text = [copy_text(pl.DataFrame(list(piece), schema=_SCHEMA)) for piece in pieces]
    return cases_of_sightings(batch.pk, text, now=datetime.now(UTC), refresh=refresh)


def test_the_gravest_the_strongest_and_all_cves_of_all_pieces() -> None:
    haven = make_organisation("haven", "192.0.2.0/24", "haven.example.nl")
    prefix, domain = haven.assets.order_by("pk")
    rows = [
        sighting(
            organisation_id=haven.pk, asset_id=domain.pk, rule="domain", strength=5, severity=3,
            cves="{CVE-2026-2}", at=YESTERDAY, sightings=2, is_shared=True, product="first",
        ),
        sighting(
            organisation_id=haven.pk, asset_id=prefix.pk, severity=4, cves="{CVE-2026-1}",
            at=YESTERDAY + timedelta(hours=1), product="second",
        ),
        sighting(
            organisation_id=haven.pk, asset_id=prefix.pk, at=YESTERDAY + timedelta(hours=2),
            evidence='{"seen":"last"}', product="third",
        ),
    ]  # fmt: skip
    for order in itertools.permutations([row] for row in rows):
        assert write(*order) == CaseCounts(opened=1)
        case = Case.objects.get()
        assert (case.severity, case.sightings, case.cves) == (4, 4, ["CVE-2026-1", "CVE-2026-2"])
        assert (case.rule, case.asset, case.asset_value) == ("domain", domain, "haven.example.nl")
        assert case.is_shared
        assert (case.first_seen_at, case.product) == (YESTERDAY, "third")
        assert (case.last_seen_at - case.first_seen_at, case.evidence) == (
            timedelta(hours=2),
            {"seen": "last"},
        )
        case.delete()


def showing(*shown: tuple[str, str, int], of: str = "") -> dict[str, Any]:
    """The details of a sighting: name, value, and how many seconds after YESTERDAY it was seen."""
    whole = [
        {"name": name, "value": value, "of": of, "last": str(YESTERDAY + timedelta(seconds=after))}
        for name, value, after in shown
    ]
    news = sorted(f"{name}={value}" for name, value, _ in shown if name == "family")
    return {
        "details": json.dumps(whole), "news": "{" + ",".join(news) + "}", "has_details": True,
    }  # fmt: skip


def test_the_details_of_all_pieces_in_any_order() -> None:
    haven = make_organisation("haven", "192.0.2.0/24")
    mine = {"organisation_id": haven.pk, "asset_id": haven.assets.get().pk}
    later, latest = YESTERDAY + timedelta(hours=1), YESTERDAY + timedelta(hours=2)
    rows = [
        sighting(**mine, **showing(("family", "mirai", 5), ("version", "1", 5))),
        sighting(**mine, at=later, **showing(("family", "necurs", 3600), ("version", "1", 3600))),
        sighting(**mine, at=latest),
        sighting(**mine, **showing(*(("src_port", str(n), n) for n in range(8)), of="mirai")),
        sighting(**mine, **showing(*(("src_port", str(n), n) for n in range(6, 14)), of="mirai")),
        sighting(**mine, **showing(*(("detail", f"{n:03}", n) for n in range(110)))),
    ]
    found: list[tuple[Detail, ...]] = []
    together = [[row] for row in rows], [rows], [rows[:3], rows[3:]], [rows[::-1]]
    for pieces in (*together, *itertools.islice(itertools.permutations(together[0]), 0, 720, 37)):
        write(*pieces)
        case = Case.objects.get()
        assert (case.news, case.details_more) == (["family=mirai", "family=necurs"], 13)
        found.append(read_details(case.details))
        case.delete()
    assert set(found) == {found[0]}
    of_family = [one for one in found[0] if one.name == "family"]
    assert [one.value for one in of_family] == ["necurs", "mirai"]
    ports = [one for one in found[0] if one.name == "src_port"]
    assert [(one.value, one.sightings) for one in ports] == [
        ("13", 1), ("12", 1), ("11", 1), ("10", 1), ("9", 1), ("8", 1), ("7", 2), ("6", 2),
        ("5", 1), ("4", 1),
    ]  # fmt: skip
    assert sum(one.name == "detail" for one in found[0]) == 97


def test_the_details_of_reports_in_any_order() -> None:
    haven = make_organisation("haven", "192.0.2.0/24")
    mine = {"organisation_id": haven.pk, "asset_id": haven.assets.get().pk}
    reports = [
        sighting(
            **mine, at=YESTERDAY + day * timedelta(days=1),
            **showing(("family", family, day * 86_400), ("version", "1", day * 86_400)),
        )
        for day, family in enumerate(("mirai", "necurs", "mirai"))
    ]  # fmt: skip
    found = set[tuple[Detail, ...]]()
    for order in itertools.permutations(reports):
        for report in order:
            write([report])
        case = Case.objects.get()
        assert case.news == ["family=mirai", "family=necurs"]
        found.add(read_details(case.details))
        case.delete()
    ((mirai, necurs, version),) = found
    assert (mirai.value, mirai.sightings) == ("mirai", 2)
    assert (necurs.value, necurs.sightings) == ("necurs", 1)
    assert (version.last_seen_at - version.first_seen_at, version.sightings) == (
        timedelta(days=2),
        3,
    )


def test_of_two_rows_at_one_moment_the_later_speaks() -> None:
    haven = make_organisation("haven", "192.0.2.0/24")
    asset = haven.assets.get()
    rows = [
        sighting(organisation_id=haven.pk, asset_id=asset.pk, product=word) for word in ("a", "b")
    ]
    for first, second in (rows, rows[::-1]):
        write([first], [second])
        case = Case.objects.get()
        assert (case.product, case.cves) == (second["product"], [])
        case.delete()


def test_a_report_that_comes_late_adds_and_takes_nothing_over() -> None:
    haven = make_organisation("haven", "192.0.2.0/24")
    asset = haven.assets.get()
    known = sighting(
        organisation_id=haven.pk, asset_id=asset.pk, cves="{CVE-2026-2}", at=YESTERDAY,
        product="new",
    )  # fmt: skip
    same_day = known | {
        "severity": 4, "cves": "{CVE-2026-1}", "product": "old",
        "first_seen_at": YESTERDAY - timedelta(hours=2),
        "last_seen_at": YESTERDAY - timedelta(hours=1),
    }  # fmt: skip
    day_before = same_day | {
        "severity": 5, "cves": "{CVE-2026-3}",
        "first_seen_at": YESTERDAY - timedelta(days=2),
        "last_seen_at": YESTERDAY - timedelta(days=1),
    }  # fmt: skip
    write([known])
    assert write([same_day]) == CaseCounts(seen_again=1)
    assert write([day_before]) == CaseCounts(seen_again=1)
    case = Case.objects.get()
    assert (case.severity, case.cves) == (4, ["CVE-2026-1", "CVE-2026-2"])
    assert (case.sightings, case.product, case.last_seen_at) == (3, "new", YESTERDAY)
    assert case.first_seen_at == YESTERDAY - timedelta(days=2)


def test_some_are_new_some_seen_later_and_some_earlier() -> None:
    haven = make_organisation("haven", "192.0.2.0/24")
    asset = haven.assets.get()
    mine = {"organisation_id": haven.pk, "asset_id": asset.pk}
    write([sighting(system="one", **mine), sighting(system="two", **mine)])
    Case.objects.filter(system="one").update(state="gone", gone_at=YESTERDAY)
    counts = write(
        [
            sighting(system="one", at=YESTERDAY + timedelta(hours=1), **mine),
            sighting(system="two", at=YESTERDAY - timedelta(hours=1), **mine),
            sighting(system="three", **mine),
        ]
    )
    assert counts == CaseCounts(opened=1, seen_again=1, reopened=1)
    assert Case.objects.get(system="one").state == "open"


def test_matching_again_counts_no_sighting_twice() -> None:
    haven = make_organisation("haven", "192.0.2.0/24")
    row = sighting(organisation_id=haven.pk, asset_id=haven.assets.get().pk)
    earlier = row | {"first_seen_at": YESTERDAY - timedelta(days=1), "last_seen_at": YESTERDAY}
    write([row])
    write([row], refresh=statements.WIDEN_CASES)
    write([earlier], refresh=statements.WIDEN_CASES)
    case = Case.objects.get()
    assert (case.sightings, case.first_seen_at) == (1, YESTERDAY - timedelta(days=1))


@pytest.mark.parametrize(
    "text",
    [
        "tab\there", "line\nbreak", "carriage\rreturn", "back\\slash", r"\N", r"\.", r"\t", '"',
        "'; --", "", "\\", "é\u2028", "a,b{}", "\\\\\n\t",
    ],
)  # fmt: skip
def test_what_copy_could_misread_arrives_as_it_was(text: str) -> None:
    haven = make_organisation("haven", "192.0.2.0/24")
    mine = {"organisation_id": haven.pk, "asset_id": haven.assets.get().pk}
    rows = [sighting(system="x" + text, product=text, url=text, **mine), sighting(**mine)]
    assert write(rows) == CaseCounts(opened=2)
    case = Case.objects.get(system="x" + text)
    assert (case.product, case.url) == (text, text)
