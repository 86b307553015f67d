"""The night of docs/howto/warn-companies-you-do-not-know.md, command by command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from baken.outbox.models import Notification
from baken.responses.models import CallAttempt
from baken.specimen.internet import MadeUpInternet, Page, Record, World
from baken.specimen.mail_server import FolderMailServer
from baken.specimen.registry_answers import (
    RDAP_TYPE,
    Somebody,
    network_answer,
    write_bootstrap,
)
from small_world import Command

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = Path(__file__).parents[2] / "docs/howto/warn-companies-you-do-not-know.md"
REGISTRY, CHECK = "rdap.registry.example", "check.csirt.example"
CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")
HOLDERS = {
    "203.0.113.9": Somebody("ORG1-TEST", "Voorbeeld B.V.", telephone="+31.201234567"),
    "203.0.113.17": Somebody("ORG2-TEST", "Bakkerij B.V.", mail="it@bakkerij.example"),
}


def block_of(kind: str) -> str:
    """The first block of `kind` on the page."""
    found = re.search(rf"```{kind}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def internet() -> Iterator[MadeUpInternet]:
    answers = [
        Page(
            f"https://{REGISTRY}/ip/{address}",
            network_answer(
                IPv4Network(f"{address}/29", strict=False), is_assigned=True, holder=holder
            ),
            content_type=RDAP_TYPE,
        )
        for address, holder in HOLDERS.items()
    ]
    check = Page(f"https://{CHECK}/check/", '<input name="code">', content_type="text/html")
    records = [Record(host, "A", "127.0.0.1") for host in (REGISTRY, CHECK)]
    records.append(Record("bakkerij.example", "MX", "10 mail.bakkerij.example"))
    with MadeUpInternet(World(tuple(records), (*answers, check))) as running:
        yield running


def write_what_came(folder: Path) -> None:
    """The files that the commands name."""
    now = datetime.now(UTC)
    (folder / "httpd-traversal.toml").write_text(block_of("toml"))
    write_bootstrap(folder / "ipv4.json", {REGISTRY: ["203.0.113.0/24"]})
    reports = folder / "reports"
    reports.mkdir()
    (reports / f"{now.date()}-scan_http_vulnerable-test.csv").write_text(
        "timestamp,severity,ip,protocol,port,hostname,tag,version\n"
        + "".join(
            f'"{now - timedelta(hours=3):%Y-%m-%d %H:%M:%S}",critical,{address},tcp,443,,'
            "http;cve-2021-41773,2.4.49\n"
            for address in HOLDERS
        )
    )


def test_the_night_of_the_howto_ends_with_a_mail_and_a_call(
    baken: Command,
    internet: MadeUpInternet,
    server: FolderMailServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    write_what_came(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "BAKEN_SMTP_HOST": server.host,
        "BAKEN_SMTP_PORT": str(server.port),
        "BAKEN_SMTP_SECURITY": "none",
        "BAKEN_DNS_SERVERS": f"{internet.host}:{internet.dns_port}",
        "BAKEN_WEB_NETWORKS": "127.0.0.0/8",
        "BAKEN_WEB_PORT": str(internet.https_port),
        "BAKEN_WEB_CA_FILE": str(internet.ca_file),
        "BAKEN_PUBLIC_URL": f"https://{CHECK}",
        "BAKEN_PUBLISHED_NUMBER": "+31 70 000 0000",
    }.items():
        monkeypatch.setenv(name, value)
    in_a_month = f"--until {datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
    said: dict[str, str] = {}
    code = ""
    for line in block_of("sh").splitlines():
        program, *arguments = shlex.split(
            CODE.sub(code, re.sub(r"--until [0-9-]+", in_a_month, line)), comments=True
        )
        assert program == "baken", line
        done = baken(*arguments)
        assert done.exit_code == 0, f"{line}\n{done.out}{done.err}"
        said[" ".join(arguments[:2])] = done.out
        if arguments[:2] == ["calls", "next"]:
            code = next(CODE.finditer(done.out))[0]

    assert "2 systems" in said["occasion unknown"]
    assert "2 systems: an owner is known and can be reached" in said["occasion discover"]
    assert "telephone +31201234567" in said["explain 203.0.113.9"]
    assert list((tmp_path / "out").rglob("*.eml"))
    assert [mail["To"] for mail in server.messages()] == ["it@bakkerij.example"]
    assert "Voorbeeld B.V." in said["calls next"]
    assert [one.outcome for one in CallAttempt.objects.all()] == ["reached"]
    assert Notification.objects.filter(state="accepted").count() == 2
