"""A small constituency, and a report about it, for tests of what follows from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from baken.cases.models import Case
from baken.constituency.models import Asset, Contact, Organisation, Route
from baken.core.asset import parse_asset
from baken.core.classification import Level, Tlp
from baken.core.smtp import SmtpSecurity
from baken.jobs.ingestion import IngestedFile
from baken.jobs.sending import deliver
from baken.occasions.services import create_threat_occasion, release_occasion
from baken.occasions.threats import Threat
from baken.outbox.models import Delivery, Notification
from baken.outbox.services import Outcome
from baken.settings.environment import Settings
from baken.specimen.mail_server import FolderMailServer, MailFolder

YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).replace(hour=3, minute=0, second=0)

Ingest = Callable[..., IngestedFile]


@dataclass(frozen=True)
class Done:
    """How a command ended and what it printed."""

    exit_code: int
    out: str
    err: str


Command = Callable[..., Done]


class RefusesHaven(MailFolder):
    """Refuses one recipient for good, and keeps the mails to the others."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name for it
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if address == "security@haven.example.nl":
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"


def make_organisation(reference: str, *assets: str, language: str = "nl") -> Organisation:
    """An organisation with one contact and these assets."""
    organisation = Organisation.objects.create(reference=reference, name=f"Stichting {reference}")
    add_contact(
        organisation,
        role="security",
        email=f"security@{reference}.example.nl",
        language=language,
    )
    for text in assets:
        parsed = parse_asset(text, allow_documentation=True)
        Asset.objects.create(
            organisation=organisation,
            kind=parsed.kind.value,
            value=parsed.value,
            network=parsed.network,
            asn=parsed.asn,
            domain=parsed.domain,
        )
    return organisation


def add_contact(
    organisation: Organisation, *, email: str = "", phone: str = "", **attributes: Any
) -> Contact:
    """A contact of `organisation` with a route to each address that is given."""
    contact = Contact.objects.create(organisation=organisation, **attributes)
    for channel, address in (("mail", email), ("phone", phone)):
        if address:
            Route.objects.create(contact=contact, channel=channel, address=address)
    return contact


def make_cases_about(*hosts: str) -> list[Case]:
    """A case about each of `hosts`, which are names; those with an @ are accounts' domains."""
    organisation = make_organisation("haven")
    return [
        Case.objects.create(
            organisation=organisation, finding_kind="open-rdp", system=host, relation="owner",
            severity=3, first_seen_at=YESTERDAY, last_seen_at=YESTERDAY + timedelta(minutes=place),
            rule="domain", asset_value="example.nl", is_shared=False, tlp="TLP:AMBER",
            host_name="" if "@" in host else host,
            email_domain=host.removeprefix("@") if "@" in host else "",
        )
        for place, host in enumerate(hosts)
    ]  # fmt: skip


def release_threat(key: str, *, tlp: Tlp = Tlp.AMBER, impact: Level = Level.HIGH) -> None:
    """A threat that covers every open remote desktop, released by two people."""
    create_threat_occasion(
        Threat(
            key=key,
            title=f"A worm: {key}",
            likelihood=Level.HIGH,
            impact=impact,
            tlp=tlp,
            advice_nl="Doe dit vandaag nog.",
            advice_en="Do this today.",
            finding_kinds=("open-rdp",),
        )
    )
    for name in ("one", "two"):
        release_occasion(key, by=name, now=datetime.now(UTC))


def report_text(
    *addresses: str, seen_at: datetime = YESTERDAY, severity: str = "high", port: int = 3389
) -> str:
    """A scan_rdp report with one row an address."""
    header = "timestamp,severity,ip,protocol,port,hostname,tag,asn,rdp_protocol\n"
    rows = [
        f'"{seen_at:%Y-%m-%d %H:%M:%S}",{severity},{address},tcp,{port},,rdp,64500,RDP\n'
        for address in addresses
    ]
    return header + "".join(rows)


def to_server(settings: Settings, server: FolderMailServer) -> Settings:
    """`settings`, with mail handed over to `server`."""
    smtp = replace(settings.smtp, host=server.host, port=server.port, security=SmtpSecurity.NONE)
    return replace(settings, smtp=smtp)


def hand_over(settings: Settings) -> Outcome:
    """Deliver what is planned."""
    return deliver(settings=settings, progress=lambda _: None)


def first_attempt(notification: Notification, state: Delivery.State) -> None:
    """A first attempt to hand `notification` over that ended so."""
    now = datetime.now(UTC)
    Delivery.objects.create(
        notification=notification,
        attempt=1,
        channel="mail",
        message_id=f"{notification.pk}@baken.example.nl",
        started_at=now,
        finished_at=None if state is Delivery.State.SENDING else now,
        state=state,
    )
