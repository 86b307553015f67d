"""Inputs that once were told wrongly, from the file to the mail: see tests/faults/."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baken.cases.models import Case
from baken.channels import Message
from baken.constituency.services import import_constituency
from baken.jobs.sending import plan, sender_of
from baken.outbox.models import Notification
from baken.outbox.selectors import warning_of
from baken.outbox.wording import compose
from baken.settings.environment import Settings
from small_world import YESTERDAY, Ingest

pytestmark = pytest.mark.django_db(transaction=True)
FAULTS = Path(__file__).parent.parent / "faults"
A_DAY_LATER = datetime.now(UTC) - timedelta(minutes=5)

Told = Callable[..., dict[str, Message]]


@pytest.fixture
def told(ingest: Ingest, settings_of_test: Settings) -> Told:
    """Takes in files of a fault, plans, and gives the message to each organisation."""
    import_constituency([FAULTS / "constituency"], allow_documentation=True)

    def tell(*files: str) -> dict[str, Message]:
        for file in files:
            text = (FAULTS / file).read_text()
            text = text.replace("2026-11-26", f"{YESTERDAY:%Y-%m-%d}")
            text = text.replace("DAY2", f"{A_DAY_LATER:%Y-%m-%d %H:%M:%S}")
            taken = ingest(text, name=Path(file).name)
            assert taken.accepted is not None
            assert taken.accepted.rows.quarantined == 0
        plan(settings=settings_of_test, holds_round=True)
        planned = Notification.objects.filter(state=Notification.State.PLANNED)
        messages = {
            one.organisation.reference: compose(warning_of(one), sender_of(settings_of_test))
            for one in planned.select_related("organisation")
        }
        planned.update(state=Notification.State.ACCEPTED)
        return messages

    return tell


def sheets_of(message: Message) -> str:
    (attachment,) = message.attachments
    with zipfile.ZipFile(io.BytesIO(attachment.content)) as archive:
        names = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        return "".join(archive.read(name).decode() for name in names)


def test_f02_a_site_without_a_name_is_told_to_the_holder_of_its_address(told: Told) -> None:
    files = ("2026-11-26-compromised_website-f02.csv", "2026-11-26-malware_url-f02.csv")
    messages = told(*(f"f02/{file}" for file in files))
    assert messages.keys() == {"cust"}
    assert set(Case.objects.values_list("rule", flat=True)) == {"site-on-address"}
    for address in ("192.0.2.50", "192.0.2.51"):
        assert address in messages["cust"].text.replace("[.]", ".")


def test_f03_a_name_looked_up_backwards_makes_nobody_an_owner(told: Told) -> None:
    files = ("2026-11-26-compromised_website-f03.csv", "2026-11-26-event4_sinkhole-f03.csv")
    messages = told(*(f"f03/{file}" for file in files))
    assert messages.keys() == {"cust"}
    assert "192.0.2.7" in messages["cust"].text


def test_f04_a_second_cve_and_a_second_family_are_news(told: Told) -> None:
    first = ("2026-11-26-event4_sinkhole-day1.csv", "2026-11-26-scan_http_vulnerable-day1.csv")
    second = ("2026-11-27-event4_sinkhole-day2.csv", "2026-11-27-scan_http_vulnerable-day2.csv")
    before = told(*(f"f04/{file}" for file in first))["cust"].text
    after = told(*(f"f04/{file}" for file in second))["cust"].text
    assert "CVE-2024-1111" in before
    assert "andromeda" in before
    assert "CVE-2024-2222" in after
    assert "qakbot" in after
    assert Notification.objects.latest("planned_at").policy == "news"
    assert told() == {}, "and then it is told"


def test_f05_everything_distinct_on_a_system_is_told(told: Told) -> None:
    files = ("2026-11-26-event4_sinkhole-f05.csv", "2026-11-26-scan_http_vulnerable-f05.csv")
    message = told(*(f"f05/{file}" for file in files))["cust"]
    for said in ("andromeda", "necurs", "40001", "40002", "exposed-env", "exposed-git"):
        assert said in message.text
        assert said in sheets_of(message)


def test_f06_source_port_and_second_stand_in_the_mail(
    told: Told, settings_of_test: Settings
) -> None:
    message = told("f06/2026-11-26-event4_sinkhole-f06.csv")["cust"]
    assert "51234" in message.text
    seen_at = YESTERDAY.replace(hour=3, minute=4, second=5).astimezone(settings_of_test.zone)
    assert f"{seen_at:%H:%M:%S} ({seen_at.isoformat()[-6:]})" in message.text
    assert "51234" in sheets_of(message)


def test_f07_a_network_concerns_who_holds_it(told: Told) -> None:
    message = told("f07/2026-11-26-blocklist-f07.csv")["cust"]
    assert "192.0.2.88/29" in message.text
    assert "192.0.2.60" in message.text
    assert "192.0.2.60/32" not in message.text


def test_f08_a_web_shell_is_a_break_in(told: Told) -> None:
    message = told("f08/2026-11-26-scan_exchange-f08.csv")["cust"]
    case = Case.objects.get()
    assert (case.finding_kind, case.rsit_taxonomy) == ("web-shell", "intrusions")
    assert "update" not in message.subject.lower()


def test_f10_a_long_harmful_address_is_cut_in_the_middle_and_cannot_be_clicked(
    told: Told,
) -> None:
    message = told("f10/2026-11-26-malware_url-f10.csv")["site"]
    assert "hxxp://www[.]site[.]example[.]nl/" in message.text
    assert "http://" not in message.text
    assert "malware[.]exe" in message.text
    whole = "http://www.site.example.nl/abcdefghijklmnopqrstuvwxyz0123456789/malware.exe"
    assert whole in sheets_of(message), "as text, to be looked for in a log"
    assert "hyperlink" not in sheets_of(message)


def test_f11_one_snmp_service_is_one_system_over_udp(told: Told) -> None:
    message = told("f11/2026-11-26-scan_snmp-a.csv", "f11/2026-11-26-scan_snmp-b.csv")["cust"]
    case = Case.objects.get()
    assert (case.transport, case.sightings) == ("udp", 2)
    assert "tcp" not in message.text.lower()


def test_f17_an_older_name_of_a_report_is_its_type(told: Told) -> None:
    message = told("f17/2026-11-26-dns_openresolver-123-sample-asn.csv")["cust"]
    assert Case.objects.get().finding_kind == "open-dns-resolver"
    assert "DNS" in message.subject


def test_f18_no_cell_of_the_attachment_can_become_a_formula(told: Told) -> None:
    message = told("f18/2026-11-26-scan_telnet-f18.csv")["cust"]
    sheets = sheets_of(message)
    assert "x;=1+1;y" in sheets
    assert "<f>" not in sheets
    assert 't="inlineStr"' in sheets
