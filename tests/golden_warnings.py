"""Made-up warnings for ten kinds of recipient, as values; `tests/golden/` holds their mails.

Write the mails anew with ``python tests/golden_warnings.py``, and read the difference as prose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from baken.channels import CHANNELS, Message
from baken.core.classification import Severity, Tlp
from baken.core.detail import Detail
from baken.core.sharing import LegalGround, SharingTerms, Source
from baken.outbox.wording import (
    PassOnFacts,
    Sender,
    SystemOfOperator,
    ToldSystem,
    WarningFacts,
    compose,
)

GOLDEN: Final = Path(__file__).parent / "golden"
SEEN_AT: Final = datetime(2026, 11, 26, 3, 14, 7, tzinfo=UTC)
LANGUAGES: Final = ("nl", "en")
CODE: Final = "K7QX-4M2P-9DTW"

SENDER: Final = Sender(
    name="Nationaal CSIRT",
    reply_to="team@csirt.example.nl",
    contact_line="+31 70 000 0000",
    message_id_domain="csirt.example.nl",
    zone=ZoneInfo("Europe/Amsterdam"),
    store_days=90,
    legal_ground=LegalGround.PUBLIC_TASK,
    sources={
        "shadowserver": Source("Shadowserver", SharingTerms(label=Tlp.AMBER)),
        "unnamed": Source("Unnamed", SharingTerms(may_name_source=False, may_show_supplier=False)),
    },
)
WITH_PAGES: Final = replace(
    SENDER, public_url="https://check.csirt.example.nl", answer_key=b"a key for golden mails"
)
"""The same sender with public pages."""
LETTER_SENDER: Final = replace(WITH_PAGES, published_number="+31 70 000 0000", contact_line="")
"""The same sender with public pages and a number that people find on its website."""
POSTAL_ADDRESS: Final = "Voorbeeld B.V.; Dorpsstraat 1; 1234 AB Voorbeeldstad"


def system(address: str, kind: str, **facts: object) -> ToldSystem:
    """One system on `address`, seen once at a port of a service over TCP."""
    values: dict[str, object] = {
        "finding_kind": kind,
        "rsit_type": "vulnerable-system",
        "address": address,
        "port": None,
        "transport": "",
        "severity": Severity.HIGH,
        "reason": "new",
        "first_seen_at": SEEN_AT,
        "last_seen_at": SEEN_AT,
        "sightings": 1,
        "host_name": "",
        "url": "",
        "product": "",
        "cves": (),
        "asset": "192.0.2.0/24",
        "evidence": {},
        "feed": "shadowserver",
        "rule": "prefix",
        "affected_role": "service",
    } | facts
    shown = f"[{address}]" if ":" in address else address
    with_port = f"{shown}:{values['port']}/{values['transport']}" if values["port"] else address
    values.setdefault("system", with_port if values["affected_role"] == "service" else address)
    return ToldSystem(**values)  # type: ignore[arg-type] # one dict for fields of many types


def service(address: str, kind: str, port: int, **facts: object) -> ToldSystem:
    """A service that answers on `port`, over TCP unless `facts` say otherwise."""
    return system(address, kind, port=port, **({"transport": "tcp"} | facts))


def detail(name: str, value: str, *, days: int = 0, times: int = 1, of: str = "") -> Detail:
    """A detail, last seen at SEEN_AT and first `days` before."""
    return Detail(name, value, SEEN_AT - timedelta(days=days), SEEN_AT, times, of)


def warning(organisation: str, *systems: ToldSystem, **facts: object) -> WarningFacts:
    """A warning to a registered organisation, in Dutch."""
    values: dict[str, object] = {
        "reference": "0b8c1d08-e29f-44f1-acda-b5e9c4f0a3ab",
        "code": CODE,
        "organisation": organisation,
        "recipient_address": "beheer@example.nl",
        "recipient_name": "",
        "language": "nl",
        "tlp": Tlp.AMBER,
        "planned_at": SEEN_AT + timedelta(hours=6),
        "is_registered": True,
        "address_source": "import",
        "threat_title": "",
        "occasion_advice": "",
        "systems": systems,
    }
    return WarningFacts(**(values | facts))  # type: ignore[arg-type] # as above


def bakery() -> WarningFacts:
    """A hacked website."""
    site = system(
        "192.0.2.10", "compromised-website", affected_role="site", port=443,
        rsit_type="system-compromise", severity=Severity.CRITICAL, host_name="www.example.nl",
        system="www.example.nl", url="https://www.example.nl/wp-content/uploads/2026/x.php",
        product="Apache", evidence={"tag": "hacked-webserver;webshell", "category": "webshell"},
    )  # fmt: skip
    return warning("Voorbeeld Bakkerij", site, recipient_name="mevrouw Jansen")


def hoster() -> WarningFacts:
    """Three hundred systems of two kinds."""
    sites = [
        system(
            f"198.51.100.{number % 250 + 1}", "malware-url", affected_role="site", port=80,
            rsit_type="malware-distribution", severity=Severity.CRITICAL,
            system=f"site{number}.example.nl", host_name=f"site{number}.example.nl",
            url=f"http://site{number}.example.nl/bin/{number:04}.exe",
            rule="site-on-address" if number % 2 else "name",
        )
        for number in range(40)
    ]  # fmt: skip
    printers = [
        service(f"192.0.2.{number % 254 + 1}", "open-ipp", 631 + number // 254)
        for number in range(260)
    ]
    return warning("Voorbeeld Hosting B.V.", *sites, *printers, recipient_name="Abuse Desk")


def municipality() -> WarningFacts:
    """Two findings, to be kept inside."""
    snmp = service("203.0.113.7", "open-snmp", 161, transport="udp", severity=Severity.MEDIUM,
                   evidence={"sysdesc": "Core switch, building 2", "version": "2c"})  # fmt: skip
    rdp = [
        service(
            f"203.0.113.{number}", "open-rdp", 3389 if number % 2 else 13389,
            first_seen_at=SEEN_AT - timedelta(days=number), sightings=number + 1,
            evidence={"rdp_protocol": "RDP", "subject_common_name": f"WS-{number:03}"},
        )
        for number in (9, 12, 100)
    ]  # fmt: skip
    return warning("Gemeente Voorbeeld", *rdp, snmp, tlp=Tlp.AMBER_STRICT)


def hospital() -> WarningFacts:
    """A mail server without updates and a medical archive, from a source that may not be named."""
    exchange = service(
        "192.0.2.25", "vulnerable-exchange", 443, severity=Severity.CRITICAL, feed="unnamed",
        host_name="mail.example.nl", cves=("CVE-2021-26855", "CVE-2023-36439"),
        evidence={"version": "15.2.1118.7", "servername": "MAIL01"},
    )  # fmt: skip
    ldap = service("192.0.2.30", "open-ldap", 389, feed="unnamed", transport="udp",
                   evidence={"dns_host_name": "dc1.example.nl"})  # fmt: skip
    return warning("Voorbeeld Ziekenhuis", exchange, ldap, recipient_name="CISO")


def administrator() -> WarningFacts:
    """To somebody who knows the trade: a database in three places."""
    found = [
        service(f"2001:db8:1::{number:x}", "open-mongodb", 27017 + number,
                asset="2001:db8:1::/48", evidence={"version": "4.4.29"},
                details=(detail("version", "4.4.29", days=9, times=10),))
        for number in (10, 9, 1)
    ]  # fmt: skip
    return warning("Example Logistics", *found, recipient_name="Sam")


def never_signed_up() -> WarningFacts:
    """A threat, to a company that does not know us."""
    found = service("192.0.2.77", "cve-2023-46805", 443, severity=Severity.CRITICAL,
                    cves=("CVE-2023-46805",), product="Connect Secure")  # fmt: skip
    return warning(
        "Voorbeeld Installatie- en Montagebedrijf Noord-Holland en Flevoland B.V.", found,
        is_registered=False, address_source="security-txt", tlp=Tlp.CLEAR,
        threat_title="Lek in Connect Secure wordt misbruikt",
        occasion_advice="Installeer de update van de maker of zet het systeem uit.",
    )  # fmt: skip


def reminder() -> WarningFacts:
    """Told before, and seen again."""
    found = service(
        "192.0.2.4", "open-telnet", 23, reason="reminder", severity=Severity.MEDIUM,
        first_seen_at=SEEN_AT - timedelta(days=56), sightings=50,
        told_before_at=datetime(2026, 10, 2, 8, tzinfo=UTC),
        evidence={"banner": "Urgent! Call 0900-1234567 and log in at https://login.example/?a=1"},
    )  # fmt: skip
    return warning("Voorbeeld Garage", found, in_reply_to="old@csirt.example.nl")


def threat() -> WarningFacts:
    """A threat, to a participant."""
    found = [
        service(f"192.0.2.{number}", "vulnerable-exchange", 443, severity=Severity.CRITICAL,
                cves=("CVE-2021-26855",), host_name="mail.example.nl", reason="threat")
        for number in (25, 26)
    ]  # fmt: skip
    return warning(
        "Voorbeeld Haven", *found, tlp=Tlp.GREEN,
        threat_title="Aanvallers misbruiken ProxyLogon in Exchange om ransomware te plaatsen",
        occasion_advice="Kijk eerst of er al is ingebroken.\nInstalleer daarna de update.",
    )  # fmt: skip


def many_kinds() -> WarningFacts:
    """Eleven kinds of finding."""
    kinds = {
        "open-rdp": 3389, "open-smb": 445, "open-telnet": 23, "open-ftp": 21, "open-vnc": 5900,
        "open-mysql": 3306, "open-redis": 6379, "open-docker": 2375, "open-afp": 548,
        "open-mqtt": 1883, "ssl-poodle": 443,
    }  # fmt: skip
    severities = {"open-docker": Severity.CRITICAL, "ssl-poodle": Severity.LOW,
                  "open-telnet": Severity.MEDIUM, "open-ftp": Severity.INFO}  # fmt: skip
    found = [
        service(f"192.0.2.{number + place}", kind, port,
                severity=severities.get(kind, Severity.HIGH))
        for number, (kind, port) in enumerate(kinds.items(), start=1)
        for place in range(0, 20 * (1 + number % 5), 20)
    ]  # fmt: skip
    return warning("Voorbeeld Universiteit", *found, recipient_name="SOC")


def behind_nat() -> WarningFacts:
    """An infected host behind address translation: only logs can tell which."""
    seen = SEEN_AT + timedelta(minutes=31, seconds=9)
    found = system(
        "2001:db8:77::1", "infected-host", affected_role="source", port=51234, transport="tcp",
        rsit_type="infected-system", severity=Severity.CRITICAL, sightings=14,
        first_seen_at=SEEN_AT - timedelta(days=1), last_seen_at=seen, asset="2001:db8:77::/48",
        evidence={"infection": "avalanche-andromeda", "family": "andromeda", "dst_ip":
                  "198.51.100.66", "dst_port": "443", "http_host": "evil.example"},
        details=(
            detail("family", "andromeda", days=1, times=9),
            detail("family", "socks5systemz", times=5),
            Detail("src_port", "51234", seen, seen, 1, "andromeda"),
            Detail("src_port", "40022", SEEN_AT, SEEN_AT, 1, "socks5systemz"),
        ),
    )  # fmt: skip
    return warning("Voorbeeld Hotel", found)


WARNINGS: Final[Mapping[str, WarningFacts]] = {
    make.__name__.replace("_", "-"): make()
    for make in (
        bakery, hoster, municipality, hospital, administrator, never_signed_up, reminder, threat,
        many_kinds, behind_nat,
    )
}  # fmt: skip
"""By the kind of recipient."""


IN_ENGLISH: Final[Mapping[str, Mapping[str, str]]] = {
    "never-signed-up": {
        "threat_title": "Vulnerability in Connect Secure is being exploited",
        "occasion_advice": "Install the maker's update, or switch the system off.",
    },
    "threat": {
        "threat_title": "Attackers exploit ProxyLogon in Exchange to plant ransomware",
        "occasion_advice": "First check whether anyone has broken in.\nThen install the update.",
    },
}
"""What a threat says in English; the warnings above have it in Dutch."""


def golden_mails() -> Iterator[tuple[str, Message]]:
    """Each warning in both languages, with the name of its files."""
    for name, facts in WARNINGS.items():
        for language in LANGUAGES:
            yield f"{name}.{language}", compose(_in_language(name, facts, language), SENDER)


def mails_with_pages() -> Iterator[tuple[str, Message]]:
    """The warning to who never signed up, of a service that has public pages."""
    unasked = "never-signed-up"
    for language in LANGUAGES:
        told = _in_language(unasked, WARNINGS[unasked], language)
        yield f"with-pages.{language}", compose(told, WITH_PAGES)


def golden_letters() -> Iterator[tuple[str, Message]]:
    """The warning to who never signed up, on paper."""
    unasked = "never-signed-up"
    for language in LANGUAGES:
        told = _in_language(unasked, WARNINGS[unasked], language)
        told = replace(told, recipient_address=POSTAL_ADDRESS, address_source="analyst")
        carries = CHANNELS["letter"].carries
        yield f"letter.{language}", compose(told, LETTER_SENDER, carries=carries)


def request(*systems: SystemOfOperator, **facts: object) -> PassOnFacts:
    """A request to an operator that did not sign up, in Dutch."""
    values: dict[str, object] = {
        "reference": "0b8c1d08-e29f-44f1-acda-b5e9c4f0a3ab",
        "code": CODE,
        "organisation": "Voorbeeld Internet B.V.",
        "recipient_address": "abuse@provider.example",
        "recipient_name": "Abuse Desk",
        "language": "nl",
        "tlp": Tlp.GREEN,
        "planned_at": SEEN_AT + timedelta(hours=6),
        "address_source": "rdap-address",
        "threat_title": "",
        "occasion_advice": "",
        "systems": systems,
    }
    return PassOnFacts(**(values | facts))  # type: ignore[arg-type] # one dict for many types


def operator() -> PassOnFacts:
    """An operator with services and infected hosts of others in its network."""
    gateways = [
        service(f"192.0.2.{number}", "cve-2023-46805", 443, severity=Severity.CRITICAL,
                cves=("CVE-2023-46805", "CVE-2024-21887"), product="Connect Secure",
                first_seen_at=SEEN_AT - timedelta(days=number % 3), asset="")
        for number in range(40, 60)
    ]  # fmt: skip
    moments = [SEEN_AT + timedelta(minutes=31, seconds=9), SEEN_AT]
    infected = system(
        "198.51.100.7", "infected-host", affected_role="source", port=51234, transport="tcp",
        rsit_type="infected-system", sightings=14, first_seen_at=SEEN_AT,
        last_seen_at=moments[0], asset="", evidence={"family": "andromeda"},
        details=tuple(
            Detail("src_port", str(port), at, at, 1, "andromeda")
            for at, port in zip(moments, (51234, 40022), strict=True)
        ),
    )  # fmt: skip
    systems = [
        SystemOfOperator(one, f"{number:04}-4M2P-9DTW")
        for number, one in enumerate((*gateways, infected))
    ]
    return request(
        *systems,
        threat_title="Lek in Connect Secure wordt misbruikt",
        occasion_advice="Installeer de update van de maker of zet het systeem uit.",
    )


def operator_of_one() -> PassOnFacts:
    """An operator that is asked about one system, for the second time."""
    one = service(
        "2001:db8:5::9", "open-rdp", 3389, reason="reminder", asset="",
        told_before_at=SEEN_AT - timedelta(days=30),
        first_seen_at=SEEN_AT - timedelta(days=44), sightings=20,
    )  # fmt: skip
    return request(SystemOfOperator(one, "9DTW-K7QX-4M2P"), recipient_name="", tlp=Tlp.CLEAR)


def requests_to_operators() -> Iterator[tuple[str, Message]]:
    """The requests in both languages: with public pages, and the second without."""
    for language in LANGUAGES:
        said = IN_ENGLISH["never-signed-up"] if language == "en" else {}
        asked = replace(operator(), language=language, **said)  # type: ignore[arg-type] # texts
        yield f"operator.{language}", compose(asked, WITH_PAGES)
        one = replace(operator_of_one(), language=language)
        yield f"operator-of-one.{language}", compose(one, SENDER)


def _in_language(name: str, facts: WarningFacts, language: str) -> WarningFacts:
    said = IN_ENGLISH.get(name, {}) if language == "en" else {}
    return replace(facts, language=language, **said)  # type: ignore[arg-type] # all texts


def as_file(message: Message) -> str:
    """The text of a mail with its subject, as a golden file holds it."""
    return f"Subject: {message.subject}\n\n{message.text}"


if __name__ == "__main__":
    for name, message in (*golden_mails(), *mails_with_pages(), *requests_to_operators()):
        (GOLDEN / f"{name}.txt").write_text(as_file(message))
        (GOLDEN / f"{name}.html").write_text(message.html or "")
    for name, message in golden_letters():
        (GOLDEN / f"{name}.txt").write_text(as_file(message))
