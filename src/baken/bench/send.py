"""Ten thousand warnings: how long from a released threat to the last mail accepted."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from django.db import connection

from baken.bench import peak_rss_bytes, timed
from baken.core.classification import Level, Tlp
from baken.core.smtp import SmtpSecurity
from baken.jobs.sending import deliver, plan
from baken.occasions.services import Threat, create_threat_occasion, release_occasion
from baken.settings.environment import Settings
from baken.specimen.mail_server import MailServerProcess

_KINDS: Final = ("open-rdp", "open-snmp", "vulnerable-http")
_SYSTEMS: Final = 5

# One organisation, one contact, one network and five cases of three kinds for each mail; each at a
# domain of its own.
_REGISTER: Final = """
    INSERT INTO constituency_organisation (id, reference, name, standing, sector, rhythm)
    SELECT n, 'org-' || n, 'Bedrijf ' || n || ' B.V.', 'registered', '', ''
    FROM generate_series(1, %(mails)s) AS n;
    INSERT INTO constituency_contact (id, organisation_id, name, role, language, channel)
    SELECT n, n, '', 'security', CASE WHEN n %% 5 = 0 THEN 'en' ELSE 'nl' END, 'mail'
    FROM generate_series(1, %(mails)s) AS n;
    INSERT INTO constituency_route (
        contact_id, channel, address, scope, is_inside, source, confidence, state
    )
    SELECT n, 'mail', 'security@bedrijf-' || n || '.example', 'owner', true, 'import', 100, 'active'
    FROM generate_series(1, %(mails)s) AS n;
    INSERT INTO constituency_asset (id, organisation_id, kind, value, network)
    SELECT n, n, 'network', network, network::cidr
    FROM generate_series(1, %(mails)s) AS n, LATERAL (
        SELECT '10.' || n / 256 || '.' || n %% 256 || '.0/24' AS network
    ) AS held
"""
_SEE: Final = """
    INSERT INTO occasions_case (
        organisation_id, finding_kind, system, relation, state, severity, first_seen_at,
        last_seen_at, sightings, rule, asset_id, asset_value, is_shared, feed, report_type,
        rsit_taxonomy, rsit_type, affected_role, address_role, address, port, transport, host_name,
        url, email_domain, cves, product, tlp, evidence
    )
    SELECT n, kind, address || ':' || port || '/tcp', 'owner', 'open', 2 + place %% 3,
        %(now)s::timestamptz - interval '2 days', %(now)s::timestamptz - interval '3 hours', 4,
        'longest-prefix', n, '10.' || n / 256 || '.' || n %% 256 || '.0/24', false, 'made-up',
        'made_up', 'vulnerable', 'vulnerable-system', 'service', 'vulnerable', address::inet, port,
        'tcp',
        'host-' || place || '.bedrijf-' || n || '.example', '', '', ARRAY['CVE-2021-41773'],
        'Apache httpd 2.4.49', 'TLP:GREEN', jsonb_build_object(
            'tag', 'http;exposed', 'naics', '541511', 'city', 'Den Haag', 'geo', 'NL',
            'http', 'HTTP/1.1', 'http_code', '200', 'http_reason', 'OK', 'server', 'Apache/2.4.49',
            'content_type', 'text/html', 'http_date', 'Sun, 22 Nov 2026 03:00:00 GMT'
        )
    FROM generate_series(1, %(mails)s) AS n, generate_series(1, %(systems)s) AS place, LATERAL (
        SELECT (%(kinds)s::text[])[1 + place %% 3] AS kind, 8000 + place AS port,
            '10.' || n / 256 || '.' || n %% 256 || '.' || place AS address
    ) AS seen
"""


@dataclass(frozen=True, slots=True)
class SendMeasurement:
    """How many mails a local mail server kept, in how many seconds, planning included."""

    mails: int
    plan_seconds: float
    hand_over_seconds: float
    peak_rss_bytes: int
    """The most memory this process held; the mail server and the database are not in it."""
    planned: int
    accepted: int
    left: int

    @property
    def seconds(self) -> float:
        """From before planning to the last outcome committed."""
        return self.plan_seconds + self.hand_over_seconds

    def as_json(self) -> dict[str, int | float | str]:
        """The figures as they are printed."""
        return {
            "mails": self.mails,
            "seconds": round(self.seconds, 3),
            "mails_per_second": round(self.mails / self.seconds, 1),
            "peak_rss_bytes": self.peak_rss_bytes,
            "planned": self.planned,
            "accepted": self.accepted,
            "left": self.left,
            "plan_seconds": round(self.plan_seconds, 3),
            "measured": "planned, composed, accepted by a local mail server and recorded",
        }


def measure_send(*, mails: int, settings: Settings) -> SendMeasurement:
    """Warn `mails` organisations of one threat, each by a mail of its own; in an empty database.

    What is timed: planning, composing, and handing over to a mail server in a process of its own
    that keeps what it gets, until the last outcome is committed. The domains are reserved ones
    (RFC 2606), so no name is asked for.
    """
    fill_database(mails)
    with (
        tempfile.TemporaryDirectory(prefix="baken-bench-mails-") as folder,
        MailServerProcess(Path(folder)) as server,
    ):
        smtp = replace(
            settings.smtp, host=server.host, port=server.port, security=SmtpSecurity.NONE
        )
        sending = replace(settings, smtp=smtp)
        with timed() as planning:
            planned = plan(settings=sending)
        with timed() as handing_over:
            outcome = deliver(settings=sending, progress=lambda _: None)
        kept = server.count()
    return SendMeasurement(
        mails=kept,
        plan_seconds=planning.seconds,
        hand_over_seconds=handing_over.seconds,
        peak_rss_bytes=peak_rss_bytes(),
        planned=planned.notifications,
        accepted=outcome.accepted,
        left=outcome.left,
    )


def fill_database(mails: int) -> None:
    """Put `mails` organisations into an empty database, each with five cases, and a threat that is
    released for them."""
    now = datetime.now(UTC)
    with connection.cursor() as cursor:
        for statement in _REGISTER.split(";"):
            cursor.execute(statement, {"mails": mails})
        cursor.execute(
            _SEE, {"mails": mails, "now": now, "systems": _SYSTEMS, "kinds": list(_KINDS)}
        )
        cursor.execute("ANALYZE")
    create_threat_occasion(
        Threat(
            key="bench",
            title="A threat to web servers",
            likelihood=Level.HIGH,
            impact=Level.HIGH,
            tlp=Tlp.GREEN,
            advice_nl="Neem vandaag de maatregelen hieronder.",
            advice_en="Take the measures below today.",
            finding_kinds=_KINDS,
        )
    )
    for name in ("one", "two"):
        release_occasion("bench", by=name, now=now)
