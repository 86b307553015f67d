"""A made-up half year of warnings, lived through the public doors: what a dump is made of.

Small, but with every state that a row can be in. All moments are made up too, and so are the keys
that are random otherwise: the same code writes the same rows.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from django.db import connection

from baken.cases.services import mark_gone
from baken.constituency.models import Asset, AssetVersion, Contact, Organisation, Route
from baken.constituency.services import import_constituency
from baken.core.classification import Level, Tlp
from baken.core.errors import SendingHaltedError
from baken.discovery.models import GivenFileRecord, SoughtSystem
from baken.intake.models import StoreOwner
from baken.intake.services import expire_files
from baken.jobs.ingestion import ReadAgain, ReadOnce, ingest_files
from baken.jobs.matching_again import match_what_waits
from baken.jobs.retention import purge_store
from baken.jobs.roads import roads_of
from baken.jobs.sending import policy_of, sender_of
from baken.occasions.services import create_threat_occasion, release_occasion
from baken.occasions.threats import Threat
from baken.outbox.models import Delivery, Notification
from baken.outbox.services import (
    Outcome,
    close_threat,
    deliver_waiting,
    halt_sending,
    plan_notifications,
    resume_sending,
    suppress_address,
)
from baken.responses.models import LetterBatch
from baken.settings.environment import Settings, read_settings
from baken.specimen.mail_server import FolderMailServer, MailFolder
from migrations.made_up_constituency import ASSETS, CONTACTS, ORGANISATIONS
from migrations.made_up_strangers import UNKNOWN, answer_all, find_out
from small_world import add_contact, to_server

LAST_MOMENT: Final = datetime(2026, 11, 12, 9, tzinfo=UTC)
"""When the story ends: what the rows say happened before."""

_REFUSED_AT_RCPT: Final = {"no-mailbox@post.example.nl": "550 5.1.1 no such mailbox"}
_REFUSED_AT_END: Final = {
    "too-large@groot.example.nl": "552 5.2.3 the message is too large for this mailbox",
    "busy@traag.example.nl": "451 4.3.2 try again later",
    "lost@stil.example.nl": "999 what was that",  # no answer that SMTP knows: it may have arrived
}


class _Moody(MailFolder):
    """Keeps most mails; some recipients it refuses, puts off, or answers senselessly."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name for it
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if address in _REFUSED_AT_RCPT:
            return _REFUSED_AT_RCPT[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        refusal = _REFUSED_AT_END.get(envelope.rcpt_tos[0])
        return refusal or await super().handle_DATA(server, session, envelope)


def fill_database(folder: Path) -> None:
    """Fill the empty database that Django is connected to; files go into `folder`.

    Commits as it goes. Every moment it writes lies at or before `LAST_MOMENT`.
    """
    settings = read_settings(
        {
            "BAKEN_HOME": str(folder / "home"),
            "BAKEN_ALLOW_DOCUMENTATION_RANGES": "yes",
            "BAKEN_PUBLISHED_NUMBER": "+31 20 123 0000",
            "BAKEN_LETTER_RETURN_ADDRESS": "CSIRT; Postbus 1; 1234 AB Voorbeeldstad",
        }
    )
    with _made_up_ids(), FolderMailServer(_Moody(folder / "mailbox")) as server:
        world = _World(folder, to_server(settings, server))
        _sign_up(world)
        _first_warnings(world)
        _daily_feed(world)
        _changes(world)
        _worse_and_back(world)
        _threats(world)
        _strangers(world)
        _stopped_halfway(world)
    version = uuid.UUID(int=0x0BA4E, version=4)
    AssetVersion.objects.update(version=version)
    SoughtSystem.objects.exclude(read_with=None).update(read_with=version)
    GivenFileRecord.objects.update(path="/srv/given/statistics.txt")
    LetterBatch.objects.update(folder="/srv/letters")


def _sign_up(world: _World) -> None:
    StoreOwner.objects.create(key="0ba4e001")
    paths = [
        world.write("organisations.csv", ORGANISATIONS),
        world.write("contacts.csv", CONTACTS),
        world.write("assets.csv", ASSETS),
    ]
    outcome = import_constituency(paths, allow_documentation=True)
    assert not outcome.problems, outcome.problems
    # No door discovers organisations yet.
    found = Organisation.objects.create(
        reference="found-1", name="Bakkerij Voorbeeld", standing=Organisation.Standing.DISCOVERED
    )
    add_contact(found, email="info@bakkerij.example.org")
    Asset.objects.create(
        organisation=found, kind="network", value="198.51.100.240/28", network="198.51.100.240/28"
    )
    world.settle(datetime(2026, 6, 29, 12, tzinfo=UTC))


def _first_warnings(world: _World) -> None:
    """Two reports of long ago: one expires and is removed, one only expires."""
    now = datetime(2026, 7, 1, 8, tzinfo=UTC)
    world.take_in("2026-06-30-scan_vnc-nl.csv", _service("2026-06-30", "high", "192.0.2.7", 5900))
    world.settle(now)
    world.send(now)
    then = datetime(2026, 8, 3, 8, tzinfo=UTC)
    world.take_in(
        "2026-08-02-scan_telnet-nl.csv", _service("2026-08-02", "medium", "192.0.2.9", 23)
    )
    world.settle(then)
    world.send(then)


def _daily_feed(world: _World) -> None:
    """Reports of several types; the mail server takes some warnings and others not."""
    now = datetime(2026, 11, 2, 8, tzinfo=UTC)
    addresses = ["192.0.2.10", "192.0.2.11", "192.0.2.130", "203.0.113.5", "203.0.113.200"]
    addresses += [f"198.51.100.{number}" for number in (1, 17, 33, 49, 65, 81, 241)]
    addresses += ["192.0.2.300", "198.18.0.1"]  # one is no address, one is nobody's
    rdp = _service("2026-11-01", "medium", addresses[0], 3389)
    rdp += "".join(_service_row("2026-11-01", "medium", one, 3389) for one in addresses[1:])
    rdp += '"yesterday",high,192.0.2.12,tcp,3389,,rdp,64501\n'
    world.take_in("2026-11-01-scan_rdp-nl.csv", rdp)
    world.take_in(
        "2026-11-01-scan6_rdp-nl.csv", _service("2026-11-01", "high", "2001:db8:10::7", 3389)
    )
    world.take_in(
        "2026-11-01-scan_http_vulnerable-nl.csv",
        "timestamp,severity,ip,protocol,port,hostname,tag,asn\n"
        '"2026-11-01 02:00:00",critical,198.18.0.7,tcp,443,www.harbour.example.com,'
        "http;cve-2026-1111,64496\n"
        '"2026-11-01 02:00:01",high,198.18.0.8,tcp,443,,http,64496\n'
        '"2026-11-01 02:00:02",high,198.18.0.9,tcp,443,shop.old.example.com,http,64502\n',
    )
    world.take_in(
        "2026-11-01-compromised_account-nl.csv",
        "timestamp,severity,email,username,service,tag\n"
        '"2026-11-01 00:00:00",critical,someone@haven.example.nl,someone,mail,stealer\n',
    )
    world.take_in(
        "2026-11-01-event4_sinkhole-nl.csv",
        "timestamp,severity,protocol,src_ip,src_port,src_asn,dst_ip,dst_port,infection,family,tag\n"
        '"2026-11-01 03:00:01",critical,tcp,192.0.2.11,40001,64501,198.51.100.250,80,'
        "andromeda,Andromeda,andromeda\n",
    )
    # A site of one on an address of another: the holder of the address is its operator.
    world.take_in(
        "2026-11-01-compromised_website-nl.csv",
        "timestamp,severity,ip,protocol,port,hostname,http_host,url,asn,tag\n"
        '"2026-11-01 01:00:00",critical,192.0.2.50,tcp,443,,www.harbour.example.com,'
        "http://www.harbour.example.com/x.php,64501,webshell\n",
    )
    # The VNC report still comes, and names 192.0.2.7 no more: that case is gone.
    world.take_in("2026-11-01-scan_vnc-nl.csv", _service("2026-11-01", "low", "192.0.2.8", 5900))
    world.settle(now)
    mark_gone(silence=timedelta(days=14), now=now)
    halt_sending("a trial of the switch")
    world.settle(now)
    world.plan(now)
    try:
        world.hand_over(now)
    except SendingHaltedError:
        resume_sending(now=now + timedelta(minutes=5))
    world.hand_over(now + timedelta(minutes=10))


def _changes(world: _World) -> None:
    """What the ledger points to changes: a contact leaves, another moves, an asset is given up."""
    Contact.objects.get(routes__address="former@kade.example.nl").delete()
    Route.objects.filter(address="abuse@provider.example.net").update(
        address="noc@provider.example.net"
    )
    Asset.objects.filter(organisation__reference="belt").delete()
    world.settle(datetime(2026, 11, 4, 12, tzinfo=UTC))


def _worse_and_back(world: _World) -> None:
    """A case that got worse, one that came back, a report read twice; old files leave the store."""
    now = datetime(2026, 11, 5, 8, tzinfo=UTC)
    worse = _service("2026-11-04", "critical", "192.0.2.10", 3389)
    world.take_in("2026-11-04-scan_rdp-nl.csv", worse)
    world.take_in("2026-11-04-scan_rdp-nl.csv", worse, accept=ReadAgain)
    back = _service("2026-11-04", "high", "192.0.2.7", 5900)
    world.take_in("2026-11-04-scan_vnc-nl.csv", back)
    telnet = _service("2026-11-04", "medium", "192.0.2.13", 23)
    world.take_in("2026-11-04-scan_telnet-nl.csv", telnet)
    world.settle(now)
    mark_gone(silence=timedelta(days=14), now=now)  # the Telnet case of August
    world.purge_before(date(2026, 8, 1))
    world.settle(now)
    expire_files(before=date(2026, 9, 1), now=now + timedelta(minutes=1))  # and then it crashed
    world.settle(now + timedelta(minutes=1))
    world.send(now)


def _threats(world: _World) -> None:
    """A threat closed before its mails went out, one that one person released, and one told."""
    now = datetime(2026, 11, 10, 8, tzinfo=UTC)
    world.make_threat("vnc-flaw", "A flaw in VNC", "open-vnc", released_by=("ada", "bram"), now=now)
    world.plan(now)
    close_threat("vnc-flaw", now=now + timedelta(minutes=5))
    world.make_threat(
        "telnet-flaw", "A flaw in Telnet", "open-telnet", released_by=("ada",), now=now
    )
    world.make_threat(
        "rdp-worm", "A worm in remote desktop", "open-rdp", released_by=("ada", "bram"), now=now
    )
    world.settle(now)
    world.send(now + timedelta(minutes=10))


def _strangers(world: _World) -> None:
    """A grave threat reaches organisations that never signed up, by every way there is."""
    now = datetime(2026, 11, 11, 8, tzinfo=UTC)
    smb = _service("2026-11-10", "critical", UNKNOWN[0], 445)
    smb += "".join(_service_row("2026-11-10", "critical", one, 445) for one in UNKNOWN[1:])
    world.take_in("2026-11-10-scan_smb-nl.csv", smb)
    world.make_threat(
        "smb-hole", "A hole in SMB", "open-smb", released_by=("ada", "bram"), now=now, tlp=Tlp.GREEN
    )
    world.settle(now)
    find_out("smb-hole", world.folder, settings=world.settings, now=now)
    world.send(now + timedelta(minutes=10))
    answer_all(world.folder, settings=world.settings, now=now + timedelta(hours=4))
    world.settle(now + timedelta(hours=5))


def _stopped_halfway(world: _World) -> None:
    """What waits when the story ends: an address left alone, a process killed, sending halted."""
    now = LAST_MOMENT - timedelta(hours=1)
    addresses = ("192.0.2.20", "192.0.2.140", "203.0.113.6", "198.51.100.34", "198.51.100.82")
    snmp = _service("2026-11-11", "medium", addresses[0], 161, "udp")
    snmp += "".join(_service_row("2026-11-11", "medium", one, 161, "udp") for one in addresses[1:])
    world.take_in("2026-11-11-scan_snmp-nl.csv", snmp)
    world.settle(now)
    world.plan(now)
    suppress_address("stop@loods.example.nl", reason="asked us to stop")
    suppress_address("former@haven.example.nl", reason="left the organisation")
    world.settle(now + timedelta(minutes=1))
    world.plan(now + timedelta(minutes=2))
    killed = Notification.objects.filter(
        state=Notification.State.PLANNED, addressee__address="desk@markt.example.nl"
    ).latest("planned_at", "id")
    Delivery.objects.create(
        notification=killed, attempt=killed.deliveries.count() + 1, channel=killed.channel,
        message_id=f"{killed.pk}@baken.example.nl",
        started_at=now + timedelta(minutes=3),
    )  # fmt: skip
    halt_sending("the SNMP report looks wrong")
    world.settle(LAST_MOMENT)


class _World:
    """The doors, with the moments of the story."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self._began_at = datetime.now(UTC)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def take_in(
        self, name: str, text: str, *, accept: type[ReadOnce] | type[ReadAgain] = ReadOnce
    ) -> None:
        path = self.write(name, text)
        (file,) = ingest_files(
            [path], settings=self.settings, accept=accept, progress=lambda _: None
        )
        assert file.accepted is not None, file.refused

    def plan(self, now: datetime) -> None:
        plan_notifications(policy=policy_of(self.settings), feed_tlp=Tlp.AMBER, now=now)

    def hand_over(self, now: datetime) -> Outcome:
        seconds = count()
        return deliver_waiting(
            roads_of(self.settings),
            policy=policy_of(self.settings),
            sender=sender_of(self.settings),
            match_again=partial(match_what_waits, self.settings),
            clock=lambda: now + timedelta(seconds=next(seconds)),
            progress=lambda _: None,
        )

    def send(self, now: datetime) -> None:
        self.plan(now)
        self.hand_over(now + timedelta(minutes=1))

    def purge_before(self, day: date) -> None:
        days = (datetime.now(UTC).date() - day).days
        purge = purge_store(settings=replace(self.settings, store_kept_for=timedelta(days=days)))
        assert purge.problem is None, purge.problem

    def make_threat(
        self,
        key: str,
        title: str,
        finding_kind: str,
        *,
        released_by: tuple[str, ...],
        now: datetime,
        tlp: Tlp = Tlp.AMBER,
    ) -> None:
        create_threat_occasion(
            Threat(
                key=key,
                title=title,
                likelihood=Level.HIGH,
                impact=Level.HIGH,
                tlp=tlp,
                advice_nl="Doe dit vandaag nog.",
                advice_en="Do this today.",
                finding_kinds=(finding_kind,),
            )
        )
        for name in released_by:
            release_occasion(key, by=name, now=now)

    def settle(self, moment: datetime) -> None:
        """Say of all that the real clock wrote that it happened at `moment`."""
        with connection.cursor() as cursor:
            cursor.execute(_MOMENTS)
            for table, column in cursor.fetchall():
                cursor.execute(
                    f'UPDATE "{table}" SET "{column}" = %s WHERE "{column}" >= %s',  # noqa: S608 - of the catalogue
                    [moment, self._began_at],
                )


_MOMENTS: Final = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND data_type = 'timestamp with time zone'
    ORDER BY table_name, column_name
"""


@contextmanager
def _made_up_ids() -> Iterator[None]:
    """Notifications get ids that are the same each time."""
    chance = random.Random(20261112)
    field = Notification._meta.get_field("id")
    with patch.object(
        field, "_get_default", lambda: uuid.UUID(int=chance.getrandbits(128), version=4)
    ):
        yield


def _service(day: str, severity: str, address: str, port: int, transport: str = "tcp") -> str:
    """A report about services that answer, with one row."""
    header = "timestamp,severity,ip,protocol,port,hostname,tag,asn\n"
    return header + _service_row(day, severity, address, port, transport)


def _service_row(day: str, severity: str, address: str, port: int, transport: str = "tcp") -> str:
    return f'"{day} 03:00:00",{severity},{address},{transport},{port},,scan,64501\n'
