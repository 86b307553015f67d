"""The table of report types: complete, consistent, documented."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from baken.core.classification import RSIT_TYPES, Severity, Tlp
from baken.core.sharing import SharingTerms
from baken.feeds import FEEDS
from baken.feeds.shadowserver import report_table
from baken.feeds.shadowserver.report_table import as_markdown, parse_report_table

TABLE = report_table()
NOT_IN_THE_SCHEMA = {"phish_url", "event6_microsoft_sinkhole_http"}


@pytest.fixture(scope="module")
def schema(shared_data: Path) -> dict[str, dict[str, object]]:
    """The schema of March 2026, as its makers publish it."""
    text = (shared_data / "shadowserver" / "schema" / "reports.json").read_text()
    read: dict[str, dict[str, object]] = json.loads(text)
    return read


def test_the_table_covers_every_type_of_the_schema(schema: dict[str, dict[str, object]]) -> None:
    assert len(schema) == 170
    assert set(TABLE.types) - NOT_IN_THE_SCHEMA == set(schema)


def test_every_column_in_the_table_is_real(schema: dict[str, dict[str, object]]) -> None:
    unreal = {
        (name, column)
        for name, kind in TABLE.types.items()
        if name in schema
        for column in kind.columns
        if column not in schema[name]["fields"]  # type: ignore[operator]
    }
    assert unreal == set()


def test_the_rsit_class_is_the_one_of_the_schema(schema: dict[str, dict[str, object]]) -> None:
    different = {
        name
        for name, known in schema.items()
        if known.get("classification.type")
        and (TABLE.types[name].rsit_taxonomy, TABLE.types[name].rsit_type)
        != (known["classification.taxonomy"], known["classification.type"])
    }
    assert different == set()


def test_the_default_severity_is_the_one_of_the_schema(shared_data: Path) -> None:
    text = (shared_data / "shadowserver" / "schema" / "types.md").read_text()
    theirs = dict(re.findall(r"^\| (\w+) \| .* \| (\w+) \|$", text, re.MULTILINE))

    assert len(theirs) == 168
    assert {name: TABLE.types[name].severity.key for name in theirs} == theirs


@pytest.mark.parametrize("kind", [*TABLE.types.values(), TABLE.unknown], ids=lambda k: k.name)
def test_each_type_is_consistent(kind: object) -> None:
    from baken.feeds.shadowserver import ReportType

    assert isinstance(kind, ReportType)
    assert RSIT_TYPES[kind.rsit_type] == kind.rsit_taxonomy
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", kind.finding_kind)
    assert isinstance(kind.severity, Severity)
    assert kind.address or kind.names or kind.email
    assert not {"password", "raw_cert", "raw_response", "geo", "sector"} & set(kind.evidence)
    assert len(kind.evidence) == len(set(kind.evidence))


def test_ipv6_reports_say_the_same_as_their_ipv4_twins() -> None:
    for name, kind in TABLE.types.items():
        twin = TABLE.types.get(re.sub(r"6(_|$)", r"\1", name).replace("event_", "event4_"))
        if twin is not None:
            assert (kind.finding_kind, kind.rsit_type) == (twin.finding_kind, twin.rsit_type), name


def test_a_name_that_nobody_asked_for_is_a_hint() -> None:
    def hints(report_type: str) -> dict[str, str]:
        found = FEEDS["shadowserver"].name_hints(report_type)
        return {hint.column: hint.origin.value for hint in found}

    assert hints("scan_rdp") == {
        "hostname": "reverse-lookup",
        "subject_common_name": "certificate",
    }
    assert hints("event4_sinkhole_http") == {"src_hostname": "reverse-lookup"}
    assert hints("sandbox_conn") == {}, "the malware asked for that name"
    assert "hostname" in hints("a_type_that_nobody_knows")


def test_the_terms_are_those_of_the_table() -> None:
    assert FEEDS["shadowserver"].terms == SharingTerms(label=Tlp.AMBER)


def test_a_table_that_has_aged_a_year_is_not_well() -> None:
    schema_date = date.fromisoformat(TABLE.schema_date)
    (young,) = FEEDS["shadowserver"].health(today=schema_date + timedelta(days=365))
    (old,) = FEEDS["shadowserver"].health(today=schema_date + timedelta(days=366))
    assert (young.is_well, old.is_well) == (True, False)
    assert f"the schema of {schema_date} (366 days old)" in old.text
    assert "Update Baken" in old.remedy


def test_a_fault_in_the_table_names_the_type() -> None:
    text = """
        evidence_sets = {}
        old_names = {}
        feed = { source = "x", tlp = "TLP:AMBER", schema_date = "2026-03-24" }
        [groups.g]
        evidence = []
        [groups.g.types]
        scan_x = { kind = "x", rsit = "RSIT", severity = "low", role = "service" }
    """
    with pytest.raises(ValueError, match="scan_x: nonsense is no RSIT type"):
        parse_report_table(text.replace("RSIT", "nonsense"))
    with pytest.raises(ValueError, match="scan_x: it has no address_role"):
        parse_report_table(text.replace("RSIT", "other"))


def test_the_reference_page_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "shadowserver.md"

    assert page.read_text() == as_markdown(TABLE), (
        "write it anew: python -m baken.feeds.shadowserver > docs/reference/shadowserver.md"
    )
