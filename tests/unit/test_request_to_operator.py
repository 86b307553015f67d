"""A request to an operator in words and for programs: complete, and of nobody else's systems."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from python_calamine import CalamineWorkbook
from referencing import Registry, Resource

from baken.advice import LANGUAGES, PASS_ON_WORDS, pass_on_words, written_kinds
from baken.advice.words import read_words
from baken.channels import Carries, Message
from baken.core.classification import Severity, Tlp
from baken.core.errors import ChannelError
from baken.core.finding_kinds import finding_kinds
from baken.core.sharing import SharingTerms, Source
from baken.outbox.wording import SystemOfOperator, compose
from golden_warnings import (
    CODE,
    GOLDEN,
    SENDER,
    WITH_PAGES,
    as_file,
    operator,
    operator_of_one,
    request,
    requests_to_operators,
    service,
    system,
)

MAILS = dict(requests_to_operators())


@pytest.mark.parametrize("name", sorted(MAILS))
def test_the_request_reads_as_agreed(name: str) -> None:
    assert as_file(MAILS[name]) == (GOLDEN / f"{name}.txt").read_text()
    assert MAILS[name].html == (GOLDEN / f"{name}.html").read_text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_are_complete_in_each_language(language: str) -> None:
    words = read_words("_pass_on", language=language)
    assert words.keys() - {"instead"} == PASS_ON_WORDS
    assert words["instead"].keys() == read_words("_pass_on", language="nl")["instead"].keys()
    assert pass_on_words(language).frame.language == language


def sheets_of(message: Message) -> list[list[list[str]]]:
    (sheet, *_) = message.attachments
    book = CalamineWorkbook.from_filelike(io.BytesIO(sheet.content))
    return [
        [[str(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python()]
        for name in book.sheet_names
    ]


def test_the_spreadsheet_has_a_line_for_each_system_and_each_moment_with_its_code() -> None:
    systems, texts = sheets_of(MAILS["operator.en"])
    assert systems[0][:7] == [
        "Code to send along", "Address", "Port", "Protocol", "Name", "First seen (UTC)",
        "Last seen (UTC)",
    ]  # fmt: skip
    assert len(systems) == 1 + 20 + 2
    moments = [row[:7] for row in systems if row[1] == "198.51.100.7"]
    assert moments == [
        ["0020-4M2P-9DTW", "198.51.100.7", f"Source port: {port}", "TCP", "", at, at]
        for port, at in ((51234, "2026-11-26T03:45:16Z"), (40022, "2026-11-26T03:14:07Z"))
    ]
    assert {row[0] for row in texts[1:]} == {
        "System of yours is vulnerable", "System in your network is probably infected",
    }  # fmt: skip
    advised = [row[0] for row in texts if row[1].startswith("Install the maker's update")]
    assert advised == ["System of yours is vulnerable"], "what the threat says, as in the mail"


@pytest.mark.parametrize("kind", sorted({*finding_kinds(), *written_kinds(), "unheard-of"}))
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_sent_along_holds_nothing_of_one_system(kind: str, language: str) -> None:
    found = system("192.0.2.77", kind, affected_role="source", port=51234,
                   evidence={"family": "andromeda"}, host_name="www.example.nl")  # fmt: skip
    asked = request(SystemOfOperator(found, CODE), language=language)
    _, texts = sheets_of(compose(asked, SENDER))
    said = "\n".join(cell for row in texts for cell in row)
    assert not re.search(r"192\.0\.2\.77|51234|andromeda|example\.nl|[{}\[\]]", said)


def test_a_source_that_may_not_be_named_is_not_named() -> None:
    sender = replace(
        SENDER,
        sources={"shadowserver": Source("Shadowserver", SharingTerms(may_name_source=False))},
    )
    message = compose(operator_of_one(), sender)
    assert "Shadowserver" not in message.text
    assert "Shadowserver" not in xarf_of(message)


def test_what_does_not_fit_is_left_out_until_one_system_of_each_kind_is_left() -> None:
    whole = compose(operator(), WITH_PAGES)
    shorter = compose(
        operator(), WITH_PAGES, carries=Carries(attachments=False, longest_text=5_000)
    )
    assert len(shorter.text) <= 5_000 < len(whole.text)
    assert shorter.attachments == ()
    with pytest.raises(ChannelError):
        compose(operator(), WITH_PAGES, carries=Carries(attachments=False, longest_text=500))


def test_the_same_request_gives_the_same_bytes() -> None:
    assert compose(operator(), WITH_PAGES) == compose(operator(), WITH_PAGES)


# What programs read


def xarf_of(message: Message) -> str:
    (found,) = [one for one in message.attachments if one.file_name.startswith("xarf-")]
    assert found.content_type == "application/json"
    return found.content.decode()


def reports_of(message: Message) -> list[dict[str, Any]]:
    read = json.loads(xarf_of(message))
    return read if isinstance(read, list) else [read]


@pytest.fixture(scope="session")
def xarf_schema(shared_data: Path) -> jsonschema.Draft202012Validator:
    """The schema of XARF 4.2 with all its types, each of which says what it requires."""
    folder = shared_data / "xarf" / "schemas" / "v4"
    if not folder.is_dir():
        pytest.skip("the schemas of XARF are not here")
    resources = []
    for path in folder.rglob("*.json"):
        content = json.loads(path.read_text())
        resources.append((content["$id"], Resource.from_contents(content)))
    master = json.loads((folder / "xarf-v4-master.json").read_text())
    registry: Registry[Any] = Registry().with_resources(resources)
    return jsonschema.Draft202012Validator(
        master, registry=registry, format_checker=jsonschema.FormatChecker()
    )


@pytest.mark.parametrize("name", sorted(MAILS))
def test_each_report_is_one_that_the_schema_allows(
    name: str, xarf_schema: jsonschema.Draft202012Validator
) -> None:
    for report in reports_of(MAILS[name]):
        faults = [error.message for error in xarf_schema.iter_errors(report)]
        assert faults == []


def test_the_schema_finds_a_report_that_lacks_what_its_type_requires(
    xarf_schema: jsonschema.Draft202012Validator,
) -> None:
    report = reports_of(MAILS["operator.en"])[0]
    del report["service_port"]
    assert list(xarf_schema.iter_errors(report))


def test_a_report_holds_what_was_seen_and_no_more() -> None:
    (report,) = reports_of(MAILS["operator-of-one.en"])
    us = {
        "org": "Nationaal CSIRT", "contact": "team@csirt.example.nl", "domain": "csirt.example.nl",
    }  # fmt: skip
    report_id = report.pop("report_id")
    assert report == {
        "xarf_version": "4.2.0",
        "timestamp": "2026-11-26T03:14:07Z",
        "reporter": us,
        "sender": us,
        "source_identifier": "2001:db8:5::9",
        "source_port": 3389,
        "category": "vulnerability",
        "type": "open_service",
        "service": "RDP",
        "description": "To pass on: “Remote desktop (RDP) open to the internet” [9DTW-K7QX-4M2P]",
        "tags": ["tlp:clear", "rsit:vulnerable-system"],
    }
    assert report_id == reports_of(MAILS["operator-of-one.en"])[0]["report_id"]


def test_each_moment_of_an_infected_system_has_a_report_of_its_own() -> None:
    reports = reports_of(MAILS["operator.en"])
    infected = [one for one in reports if one["type"] == "botnet"]
    assert [(one["timestamp"], one["source_port"]) for one in infected] == [
        ("2026-11-26T03:45:16Z", 51234), ("2026-11-26T03:14:07Z", 40022),
    ]  # fmt: skip
    assert {one["malware_family"] for one in infected} == {"andromeda"}
    assert len({one["report_id"] for one in reports}) == len(reports) == 22


def test_of_what_xarf_has_no_type_for_there_is_no_report_and_the_mail_says_how_many_have_one() -> (
    None
):
    unheard = service("192.0.2.9", "unheard-of", 443)
    rdp = service("192.0.2.8", "open-rdp", 3389)
    message = compose(
        request(SystemOfOperator(unheard, CODE), SystemOfOperator(rdp, CODE), language="en"), SENDER
    )
    assert "has 1 of the 2 systems" in message.text
    assert len(reports_of(message)) == 1
    alone = compose(request(SystemOfOperator(unheard, CODE), language="en"), SENDER)
    assert len(alone.attachments) == 1
    assert "XARF" not in alone.text


def test_text_of_others_cannot_break_a_report(
    xarf_schema: jsonschema.Draft202012Validator,
) -> None:
    hostile = service("192.0.2.9", "unheard-of", 443, cves=("CVE-2026-0001",),
                      severity=Severity.LOW, product='"}]\u202e\nevil' * 500)  # fmt: skip
    message = compose(request(SystemOfOperator(hostile, CODE), tlp=Tlp.AMBER), SENDER)
    (report,) = reports_of(message)
    assert list(xarf_schema.iter_errors(report)) == []
    assert len(report["service"]) <= 80
    assert "\n" not in report["service"]
