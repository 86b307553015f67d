"""A warning in words: complete, in both languages, and safe whatever a feed says."""

from __future__ import annotations

import html
import io
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from baken.advice import detail_names, frame
from baken.channels import Carries, Message
from baken.core.classification import Severity, Tlp
from baken.core.errors import About, ChannelError
from baken.core.observation import NAME_SOURCE
from baken.core.sharing import SharingTerms, Source
from baken.core.text import one_line
from baken.outbox.wording import ToldSystem, compose
from golden_warnings import (
    CODE,
    GOLDEN,
    LANGUAGES,
    SENDER,
    WARNINGS,
    as_file,
    detail,
    golden_letters,
    golden_mails,
    mails_with_pages,
    service,
    system,
    warning,
)

MAILS = dict(golden_mails())
WITH_PAGES = dict(mails_with_pages())
LETTERS = dict(golden_letters())
NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def rdp(number: int, **facts: object) -> ToldSystem:
    return service(f"192.0.2.{number}", "open-rdp", 3389, **facts)


def mail_of(*systems: ToldSystem, **facts: object) -> Message:
    return compose(warning("Voorbeeld Haven", *systems, **facts), SENDER)


def sheets(message: Message) -> list[list[list[str]]]:
    """The cells of each sheet, in which every cell must be a text."""
    (attachment,) = message.attachments
    with zipfile.ZipFile(io.BytesIO(attachment.content)) as archive:
        names = sorted(name for name in archive.namelist() if name.startswith("xl/worksheets/"))
        return [rows_of(archive.read(name)) for name in names]


def rows_of(sheet: bytes) -> list[list[str]]:
    rows = []
    for row in ElementTree.fromstring(sheet).iter(f"{NAMESPACE}row"):  # noqa: S314 - our own file
        cells = list(row)
        for cell in cells:
            assert cell.get("t") == "inlineStr" or not len(cell), "a text, whatever it begins with"
            assert cell.find(f"{NAMESPACE}f") is None
        rows.append(["".join(cell.itertext()) for cell in cells])
    return rows


# What the golden mails show.


@pytest.mark.parametrize("name", sorted(MAILS))
def test_the_mail_reads_as_agreed(name: str) -> None:
    assert as_file(MAILS[name]) == (GOLDEN / f"{name}.txt").read_text()
    assert MAILS[name].html == (GOLDEN / f"{name}.html").read_text()


@pytest.mark.parametrize("name", sorted(MAILS))
def test_text_and_html_say_the_same(name: str) -> None:
    message = MAILS[name]
    document = (message.html or "").partition("<body>")[2]
    assert words_of(html.unescape(re.sub(r"<[^>]+>", " ", document))) == words_of(message.text)


@pytest.mark.parametrize("name", sorted(LETTERS))
def test_a_letter_is_the_golden_one(name: str) -> None:
    assert as_file(LETTERS[name]) == (GOLDEN / f"{name}.txt").read_text()


@pytest.mark.parametrize("name", sorted(WITH_PAGES))
def test_with_public_pages_the_mail_leads_to_ours_and_nowhere_else(name: str) -> None:
    mail = WITH_PAGES[name]
    document = mail.html or ""
    assert as_file(mail) == (GOLDEN / f"{name}.txt").read_text()
    assert document == (GOLDEN / f"{name}.html").read_text()
    ours = "https://check.csirt.example.nl/"
    links = re.findall(r'<a href="([^"]*)">([^<]*)</a>', document)
    assert len(links) == document.count("<a ") == 2
    assert all(shown == leads and leads.startswith(ours) for leads, shown in links)
    assert document.count("https:") == 2 * len(links)
    assert [line for line in mail.text.splitlines() if "://" in line] == [url for url, _ in links]


def words_of(text: str) -> list[str]:
    text = re.sub(r"^(- |\d+\. (?=.*)|=+$)", " ", text, flags=re.MULTILINE)
    return re.sub(r"(?m)^\s*\d+\.\s", " ", text).casefold().split()


@pytest.mark.parametrize("name", sorted(MAILS))
def test_nothing_of_ours_or_of_a_feed_is_named_as_we_call_it(name: str) -> None:
    message = MAILS[name]
    said = f"{message.subject}\n{message.text}\n{message.html}"
    assert "baken" not in said.casefold()
    keys = {key for key in detail_names("en") if "_" in key} | {"src_port", NAME_SOURCE}
    assert not [key for key in keys if key in said]
    assert not re.search(r"\{\w*\}|\[nmap|\bNone\b", said)


@pytest.mark.parametrize("name", sorted(MAILS))
def test_nothing_is_fetched_from_outside_and_nothing_can_be_clicked(name: str) -> None:
    message = MAILS[name]
    document = message.html or ""
    assert not re.search(r"<(a|img|script|link|iframe|form)\b|https?:|url\(", document)
    assert "https://" not in message.text
    assert "www." not in message.text
    assert len(document) < 20_000


def test_a_name_is_told_as_it_is_but_a_web_address_in_it_cannot_be_clicked() -> None:
    at_work = warning("Voorbeeld.nl B.V.", rdp(1), recipient_name="Bel https://evil.example/nu")
    message = compose(at_work, SENDER)
    assert "Voorbeeld.nl B.V." in message.text
    assert "Voorbeeld.nl B.V." in message.subject
    for said in (message.text, message.html or ""):
        assert "evil[.]example" in said
        assert "https:" not in said
    message = compose(warning("www.evil.example", rdp(1)), SENDER)
    assert "www.evil" not in message.subject + message.text


@pytest.mark.parametrize("name", sorted(MAILS))
def test_the_first_screen_answers_what_a_reader_asks(name: str) -> None:
    message = MAILS[name]
    words = frame(message.language)
    first_screen = message.text.partition("\n===")[0]
    for title in (words.fact_share, words.fact_genuine, words.fact_answer):
        assert title.upper() in first_screen
    assert CODE in first_screen
    assert SENDER.reply_to in first_screen
    deadlines = [words.deadline(severity.key).upper() for severity in Severity]
    assert len([one for one in deadlines if one in first_screen]) == 1
    assert len(first_screen) < 2_100


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_about_many_kinds_tells_all_but_the_first_in_three_lines(language: str) -> None:
    message = MAILS[f"many-kinds.{language}"]
    first, *others = re.split(r"\n\n\d+\. .*\n=+\n\n", message.text.partition("\n===")[2])
    assert frame(language).heading_check in first
    assert len(others) == 10
    for chapter in others[:-1]:  # the end of the mail stands behind the last one
        assert len(chapter.split("\n\n")) == 3
        assert len(chapter.split()) < 75
    systems, _, advice = sheets(message)
    told = {row[0] for row in advice[1:] if row[0]}
    assert told == {row[4] for row in systems[1:]}
    assert len(told) == 11


# The subject.


def test_a_subject_says_how_urgent_what_is_wrong_and_for_whom() -> None:
    subject = mail_of(rdp(1, severity=Severity.CRITICAL), service("192.0.2.9", "open-telnet", 23))
    assert subject.subject.startswith("[TLP:AMBER] Spoed: ")
    assert subject.subject.endswith(" + 1 andere (Voorbeeld Haven)")


def test_a_reminder_and_a_threat_have_a_subject_of_their_own() -> None:
    again = mail_of(rdp(1, reason="reminder"), language="en").subject
    assert again.startswith("[TLP:AMBER] Reminder: ")
    threat = mail_of(rdp(1), threat_title="A worm\nin RDP", language="en").subject
    assert threat == "[TLP:AMBER] Important: A worm in RDP (Voorbeeld Haven)"


# What is told of whom.


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("reminder", "Wij schreven u op 2 oktober 2026. Op 26 november 2026 zagen wij het weer."),
        ("back", "Daarna zagen wij het een tijd niet."),
        ("worse", "Sindsdien is het erger geworden."),
        ("news", "zagen wij iets nieuws."),
    ],
)
def test_what_was_told_before_is_said_with_its_date(reason: str, words: str) -> None:
    before = datetime(2026, 10, 2, tzinfo=UTC)
    assert words in mail_of(rdp(1, reason=reason, told_before_at=before)).text
    assert words not in mail_of(rdp(1)).text


def test_a_mixture_says_of_each_system_why_it_is_told() -> None:
    before = datetime(2026, 10, 2, tzinfo=UTC)
    text = mail_of(rdp(1, reason="worse", told_before_at=before), rdp(2)).text
    assert "Wij schreven u" not in text
    assert "Waarom nu: erger geworden" in text


def test_a_source_is_named_only_where_it_may_be() -> None:
    assert "Shadowserver zag dit" in mail_of(rdp(1)).text
    for feed in ("unnamed", "unheard-of"):
        text = mail_of(rdp(1), rdp(2, feed=feed)).text
        assert "Shadowserver" not in text
        assert "een bron die wij niet mogen noemen" in text


@pytest.mark.parametrize("tlp", list(Tlp))
def test_a_supplier_may_see_it_where_label_and_terms_allow_it(tlp: Tlp) -> None:
    open_source = mail_of(rdp(1), tlp=tlp).text
    closed = mail_of(rdp(1, feed="unnamed"), tlp=tlp).text
    may, ask = "Uw IT-leverancier mag deze mail zien.", "Vraag het ons dan eerst."
    assert (may in open_source) == (tlp is Tlp.AMBER)
    assert may not in closed
    assert (ask in closed) == (tlp in (Tlp.AMBER, Tlp.AMBER_STRICT))


def test_who_did_not_sign_up_reads_where_the_address_came_from() -> None:
    asked = mail_of(rdp(1), language="en").text
    unasked = mail_of(rdp(1), language="en", is_registered=False, address_source="security-txt")
    assert "did not sign up" in unasked.text
    end = unasked.text.partition("How we got your address\n")[2]
    assert [line.split()[0] for line in end.splitlines() if line] == ["Your", "We", "We", "Do"]
    assert "source: the file security.txt on your own website or system." in end
    assert "article 6(1)(e)" in end
    assert "90 days" in end
    assert "sign up" not in asked
    assert "GDPR" not in asked


def test_a_site_that_nobody_named_may_be_of_somebody_else() -> None:
    site = system("192.0.2.1", "compromised-website", affected_role="site")
    assert "van een klant van u" in mail_of(replace(site, rule="site-on-address")).text
    assert "van een klant van u" not in mail_of(site).text


@pytest.mark.parametrize("tlp", list(Tlp))
def test_a_site_of_somebody_else_is_passed_on_only_where_the_label_allows_it(tlp: Tlp) -> None:
    stays = tlp in (Tlp.AMBER_STRICT, Tlp.RED)
    site = system("192.0.2.1", "spam-url", affected_role="site", rule="site-on-address")
    first = mail_of(site, tlp=tlp).text
    second = mail_of(rdp(1, severity=Severity.CRITICAL), site, tlp=tlp).text
    for text in (first, second):
        assert ("door aan die klant" in text) == (not stays)
        assert ("Vraag ons dan eerst of u deze waarschuwing mag doorsturen" in text) == stays


def test_a_command_for_one_of_several_systems_is_not_all_there_is_to_test() -> None:
    each = frame("nl").check_each
    assert each not in mail_of(rdp(1)).text
    assert each not in mail_of(rdp(1), rdp(1, sightings=2)).text
    several = mail_of(rdp(1), rdp(2))
    assert each in several.text
    other_port = mail_of(rdp(1), service("192.0.2.1", "open-rdp", 13389))
    assert each in other_port.text
    infected = [system(f"192.0.2.{n}", "infected-host", affected_role="source") for n in (1, 2)]
    assert each not in mail_of(*infected).text, "its commands name no system"


def test_times_are_those_of_the_service_with_their_distance() -> None:
    summer = datetime(2026, 7, 1, 22, 30, 5, tzinfo=UTC)
    text = mail_of(rdp(1, first_seen_at=summer)).text
    assert "van 2 juli 2026 00:30 (+02:00) tot en met 26 november 2026 04:14 (+01:00)" in text


def test_what_is_found_in_logs_has_its_second_and_its_source_port() -> None:
    text = MAILS["behind-nat.nl"].text
    assert (
        "In logboek: 26 november 2026 04:45:16 (+01:00), bronpoort 51234 (TCP, andromeda)" in text
    )
    of_udp = replace(WARNINGS["behind-nat"].systems[0], transport="udp")
    text = mail_of(of_udp).text
    assert "bronpoort 51234 (UDP, andromeda)" in text, "the last was seen over it"
    assert "bronpoort 40022 (socks5systemz)" in text, "of those before nobody knows"
    assert "Bronpoort: 51234 (UDP)" in mail_of(replace(of_udp, details=())).text
    assert "Bronpoort: 51234\n" in mail_of(replace(of_udp, details=(), transport="")).text


def test_a_tag_that_repeats_the_kind_is_not_told() -> None:
    text = mail_of(rdp(1, evidence={"tag": "rdp"}), rdp(2, evidence={"tag": "rdp;exposed"})).text
    assert re.findall("Gemerkt als: (.*)", text) == ["rdp;exposed"]


@pytest.mark.parametrize(
    ("kind", "tag"),
    [
        *(("open-telnet", "telnet-alt"), ("open-ldap", "ldap-udp"), ("web-shell", "webshell")),
        *(("vulnerable-isakmp", "isakmp-vulnerable"), ("ssl-freak", "ssl-freak")),
        ("vulnerable-netis-router", "netis_vulnerability"),
    ],
)
def test_a_tag_of_the_same_words_as_the_kind_is_not_told(kind: str, tag: str) -> None:
    text = mail_of(service("192.0.2.1", kind, 5555, evidence={"tag": tag})).text
    assert "Gemerkt als" not in text


def test_what_stands_beside_a_moment_or_in_the_heading_is_not_told_again() -> None:
    seen = (
        detail("infection", "ssh-brute-force"),
        detail("src_port", "51234", of="ssh-brute-force"),
    )
    found = system("192.0.2.1", "brute-force-source", affected_role="source", details=seen)
    network = system(
        "192.0.2.0", "ip-spoofing", system="192.0.2.0/24", evidence={"network": "192.0.2.0/24"}
    )
    assert "De bron noemt het" not in mail_of(found).text
    assert "bronpoort 51234 (ssh-brute-force)" in mail_of(found).text
    assert "Netwerk:" not in mail_of(network).text


def test_numbers_and_answers_are_read_in_words() -> None:
    evidence = {"amplification": "3666.67", "anonymous_access": "N", "handshake": "TLSv1.2"}
    text = mail_of(rdp(1, evidence=evidence), rdp(2, evidence={"amplification": "2.50"})).text
    assert "Vergroot verkeer zoveel keer: 3667\n" in text
    assert "Vergroot verkeer zoveel keer: 2,5\n" in text
    assert "Toegang zonder wachtwoord: nee\n" in text
    assert 'Versie van TLS: "TLSv1.2"' in text
    assert "2.5\n" in mail_of(rdp(2, evidence={"amplification": "2.50"}), language="en").text


@pytest.mark.parametrize("value", ["0.69", "1", "nan", "inf", "many"])
def test_what_makes_no_traffic_larger_is_not_said_to(value: str) -> None:
    assert "Vergroot" not in mail_of(rdp(1, evidence={"amplification": value})).text


@pytest.mark.parametrize(
    "version", ["3.10.0-514.26.2.el7.x86_64", "XM.ar7240.v5.6.3.28591.151130.1749", "v1.20.13"]
)
def test_a_version_is_told_as_it_is_written(version: str) -> None:
    assert f'Versie: "{version}"' in mail_of(rdp(1, evidence={"version": version})).text


def test_a_network_gives_no_address_to_look_up() -> None:
    network = system("192.0.2.0", "blocklisted-address", system="192.0.2.0/24")
    address = system("192.0.2.9", "blocklisted-address")
    assert "uw adres (192.0.2.0)" not in mail_of(network).text
    assert sheets(mail_of(network))[0][1][:4] == ["192.0.2.0/24", "", "", ""]
    assert "uw adres (192.0.2.9)" in mail_of(address).text


def test_a_time_in_a_detail_is_told_as_other_times() -> None:
    text = mail_of(rdp(1, evidence={"end_time": "2026-11-25 23:30:00", "start_time": "2026"})).text
    assert "Eindigde op: 26 november 2026 00:30 (+01:00)" in text
    assert "Begon op: 2026\n" in text
    until = {"cert_expiration_date": "Jan  4 08:04:50 2020 GMT"}
    assert "geldig tot: 4 januari 2020 09:04 (+01:00)" in mail_of(rdp(1, evidence=until)).text


def test_the_port_of_a_target_is_no_source_port() -> None:
    text = mail_of(system("192.0.2.1", "ddos-target", affected_role="target", port=53)).text
    assert "Poort: 53" in text
    assert "ronpoort" not in text.partition("Waarom dit belangrijk")[0]


def test_systems_stand_as_addresses_are_sorted() -> None:
    found = [rdp(number) for number in (100, 9, 20)] + [service("2001:db8::1", "open-rdp", 3389)]
    message = mail_of(*found)
    order = ["192.0.2.9", "192.0.2.20", "192.0.2.100", "2001:db8::1"]
    assert re.findall(r"^- (\S+), poort", message.text, re.MULTILINE) == order
    assert [row[0] for row in sheets(message)[0][1:]] == order


def test_kinds_that_share_their_words_share_a_chapter() -> None:
    unknown = [service(f"192.0.2.{n}", f"cve-2026-{n}000", 443) for n in (1, 2)]
    text = mail_of(*unknown).text
    assert text.count("\n====") == 1
    assert "192.0.2.1, " in text
    assert "192.0.2.2, " in text


@pytest.mark.parametrize(
    ("severity", "words"),
    [(Severity.CRITICAL, "DO THIS TODAY"), (Severity.MEDIUM, "DO THIS WITHIN TWO WEEKS")],
)
def test_the_gravest_system_says_by_when(severity: Severity, words: str) -> None:
    systems = [rdp(1, severity=Severity.LOW), rdp(2, severity=severity)]
    assert words in mail_of(*systems, language="en").text


def test_the_most_urgent_finding_comes_first() -> None:
    text = mail_of(rdp(1), service("192.0.2.9", "open-docker", 2375, severity=Severity.CRITICAL))
    assert text.text.index("1. Docker") < text.text.index("2. Extern bureaublad")


# What others wrote.


def test_how_a_name_was_found_is_no_detail_of_the_system() -> None:
    message = mail_of(rdp(1, evidence={NAME_SOURCE: "ptr"}))
    assert message.text == mail_of(rdp(1)).text
    assert len(sheets(message)[1]) == 1


def test_a_detail_of_little_help_stands_in_the_attachment_only() -> None:
    evidence = {"cipher_suite": "TLS_RSA_X", "of_another_feed": "x", "version": "10.0"}
    message = mail_of(rdp(1, evidence=evidence))
    assert 'Versie: "10.0"' in message.text
    assert "TLS_RSA_X" not in message.text
    assert [row[5:7] for row in sheets(message)[1][1:]] == [
        ["gekozen versleuteling", "TLS_RSA_X"],
        ['"of_another_feed"', "x"],
        ["versie", "10.0"],
    ]


def test_every_distinct_value_is_told() -> None:
    families = tuple(
        detail("family", name, days=2) for name in ("mirai", "gafgyt", "qbot", "tsunami")
    )
    message = mail_of(rdp(1, details=families))
    assert "Malware: mirai, gafgyt, qbot en nog 1 andere" in message.text
    details = sheets(message)[1]
    assert [row[6] for row in details[1:]] == ["mirai", "gafgyt", "qbot", "tsunami"]
    assert details[1][7].startswith("2026-11-24 04:14:07 +01:00")


def test_what_a_case_gathered_is_not_told_again_from_its_last_row() -> None:
    gathered = (detail("family", "necurs"), detail("url", "http://a.example/1"))
    evidence = {"infection": "necurs", "machine_name": "WS1"}
    message = mail_of(rdp(1, details=gathered, evidence=evidence, url="http://a.example/1"))
    told = [row[5:7] for row in sheets(message)[1][1:]]
    assert told == [
        ["malware", "necurs"],
        ["Webadres", "http://a.example/1"],
        ["naam van de machine", "WS1"],
    ]
    assert message.text.count("necurs") == 1


def test_of_the_values_that_were_not_kept_the_number_is_told() -> None:
    message = mail_of(rdp(1, details=(detail("family", "necurs"),), details_more=7))
    assert sheets(message)[1][-1][5] == "en minstens 7 andere waarden"


def test_what_a_system_says_of_itself_is_marked_as_its_own() -> None:
    banner = (
        "Nationaal CSIRT: call 0900-1234567, log in at https://csirt.example/ or mail a@b.example"
    )
    text = mail_of(rdp(1, evidence={"banner": banner})).text
    (line,) = [line for line in text.splitlines() if "0900" in line]
    assert line.startswith('  Begroeting: "')
    assert line.endswith('" (zo zegt het systeem het zelf)')
    assert "https" not in line
    assert "@" not in line
    assert ".example" not in line.replace("[.]example", "")


@pytest.mark.parametrize("name", ["family", "malware", "infection", "ransomware"])
@pytest.mark.parametrize("value", ["login.example.nl", "example.nl/login", "x/example.nl"])
def test_a_family_that_mail_programs_make_a_link_of_is_written_otherwise(
    name: str, value: str
) -> None:
    of_it = (detail("src_port", "4001", of=value), detail(name, value))
    infected = system("192.0.2.1", "infected-host", affected_role="source", details=of_it)
    message = mail_of(infected, replace(infected, details=(), evidence={name: value}))
    for said in (message.subject, message.text, message.html or ""):
        assert "example.nl" not in said.replace(SENDER.reply_to, "")
    assert value.replace(".", "[.]") in message.text


@pytest.mark.parametrize("mark", ['"', "\u201d", "\u201c", "\u00bb", "\u2033", "\uff02"])
def test_what_a_system_says_cannot_end_its_quotation(mark: str) -> None:
    banner = f"hello{mark} (zo zegt het systeem het zelf). IS DEZE MAIL ECHT? Bel ons {mark}"
    text = mail_of(rdp(1, evidence={"banner": banner})).text
    (line,) = [line for line in text.splitlines() if "hello" in line]
    assert line.startswith("  Begroeting: \"hello' (zo zegt")
    assert mark not in line.removeprefix('  Begroeting: "').removesuffix(
        '" (zo zegt het systeem het zelf)'
    )


def test_a_sentence_without_a_space_is_quoted_too() -> None:
    page = "IS\u2800DEZE\u3164MAIL\u2800ECHT?"
    text = mail_of(rdp(1, evidence={"http_url": page})).text
    assert f'"{page}"' in text


@pytest.mark.parametrize("name", ["row", "details"])
def test_a_sentence_in_place_of_a_web_address_is_quoted(name: str) -> None:
    said = "call 0900-123456, log in at https://example.nl/login"
    facts = {"url": said} if name == "row" else {"details": (detail("url", said),)}
    text = mail_of(rdp(1, **facts)).text
    assert 'Webadres: "call 0900-123456, log in at hxxps://example[.]nl/login"' in text


@pytest.mark.parametrize("address", ["192.0.2.1/login", "x/192.0.2.1", "192.0.2.1"])
def test_an_address_is_no_name_of_a_family(address: str) -> None:
    infected = system("192.0.2.9", "infected-host", affected_role="source",
                      details=(detail("family", address),))  # fmt: skip
    message = mail_of(infected)
    said = f"{message.subject}\n{message.text}".splitlines()
    assert [line.strip() for line in said if address in line] == [f"Malware: {address}"]


@pytest.mark.parametrize(
    "value", ["1-800-555-1234", "call 31201234567", "tel 1 800 555 1234", "callto:1234567"]
)
def test_a_number_to_call_is_said_by_the_system(value: str) -> None:
    text = mail_of(rdp(1, evidence={"banner": value})).text
    assert f'"{value}" (zo zegt het systeem het zelf)' in text


@pytest.mark.parametrize("dot", ["\u3002", "\uff0e", "\uff61"])
def test_a_dot_of_another_script_is_a_dot(dot: str) -> None:
    text = mail_of(rdp(1, evidence={"banner": f"www{dot}example{dot}nl a\uff20b"})).text
    assert "www[.]example[.]nl a[at]b" in text


def test_a_long_value_loses_its_middle_and_is_whole_in_the_attachment() -> None:
    url = f"https://example.nl/{'a' * 300}/last.php"
    site = system("192.0.2.1", "compromised-website", affected_role="site", url=url)
    message = mail_of(site)
    (line,) = [line for line in message.text.splitlines() if "hxxps" in line]
    assert line.startswith("  Webadres: hxxps://example[.]nl/aaaa")
    assert " … " in line
    assert line.endswith("last[.]php")
    assert len(line) < 200
    assert sheets(message)[0][1][10] == url


hostile = st.text(max_size=120) | st.sampled_from(
    ["=cmd()", "+1", "-1", "@x", "\tx", "a\r\nBcc: b", "x;=1+1;y", "<b>x</b>", "{code}", "[x]"]
)


@given(text=hostile)
def test_nothing_a_feed_says_becomes_a_formula_markup_or_a_line_of_its_own(text: str) -> None:
    said = rdp(1, host_name=text, product=text, url=text,
               evidence={"banner": text, "family": text, text: text})  # fmt: skip
    message = mail_of(said)
    assert len(sheets(message)[0]) == 2
    assert not [line for line in message.text.splitlines() if line.startswith("Bcc")]
    assert message.subject.isprintable()
    tags = set(re.findall(r"<(\w+)", (message.html or "").partition("<body>")[2]))
    assert tags <= {
        "main",
        "p",
        "div",
        "strong",
        "br",
        "h1",
        "h2",
        "ul",
        "ol",
        "li",
        "span",
        "code",
    }


def test_the_attachment_speaks_the_readers_language() -> None:
    dutch, english = (sheets(mail_of(rdp(1), language=one))[0][0] for one in LANGUAGES)
    assert dutch[:5] == ["Adres", "Poort", "Protocol", "Naam", "Wat er is gezien"]
    assert english[:5] == ["Address", "Port", "Protocol", "Name", "What was seen"]
    assert mail_of(rdp(1)).attachments[0].file_name == f"waarschuwing-{CODE}.xlsx"


@given(text=hostile)
def test_a_spreadsheet_program_reads_back_what_was_seen(text: str) -> None:
    (attachment,) = mail_of(rdp(1, evidence={"banner": f"x{text}_x0041_"})).attachments
    book = CalamineWorkbook.from_filelike(io.BytesIO(attachment.content))
    assert book.sheet_names == ["Systemen", "Bijzonderheden"]
    _, (*_, value, _first, _last, _times) = book.get_sheet_by_index(1).to_python()
    unreadable = r"[\ufffe\uffff]|[\U0001fffe-\U0010ffff](?<=[\ufffe\uffff])"
    assert re.sub(unreadable, "\ufffd", one_line(f"x{text}_x0041_")) == re.sub(
        unreadable, "\ufffd", str(value).replace("_x005F_", "_")
    )


# In which zone.


def read_in(zone: str, *systems: ToldSystem) -> list[str]:
    """The text, the HTML and the cells of the attachment, for who reads times in `zone`."""
    message = mail_of(*systems, language="en", zone=ZoneInfo(zone))
    cells = [" ".join(row) for sheet in sheets(message) for row in sheet]
    return [message.text, message.html or "", "\n".join(cells)]


def test_all_times_are_told_in_the_readers_zone() -> None:
    again = {"reason": "reminder", "told_before_at": datetime(2026, 10, 2, 2, tzinfo=UTC)}
    host = system("192.0.2.9", "infected-host", affected_role="source",
                  details=(detail("family", "andromeda", days=1),), **again)  # fmt: skip
    text, document, cells = read_in("America/Curacao", rdp(1, **again), host)
    for said in (text, document):
        assert "25 November 2026 23:14 (-04:00)" in said
        assert "25 November 2026 23:14:07 (-04:00)" in said, "as a log has it"
        assert "wrote to you on 1 October 2026" in said, "the day was still the 1st"
        assert "+01:00" not in said
    assert "2026-11-25 23:14:07 -04:00" in cells
    assert "+01:00" not in cells


def test_the_distance_to_utc_is_that_of_the_day() -> None:
    summer = datetime(2026, 7, 26, 3, 14, 7, tzinfo=UTC)
    text, document, cells = read_in("Europe/London", rdp(1, first_seen_at=summer, sightings=3))
    for said in (text, document):
        assert "26 July 2026 04:14 (+01:00)" in said
        assert "26 November 2026 03:14 (+00:00)" in said
    assert "2026-07-26 04:14:07 +01:00" in cells
    assert "2026-11-26 03:14:07 +00:00" in cells


# How long it may be.


def test_the_same_warning_gives_the_same_message() -> None:
    assert mail_of(rdp(1)) == mail_of(rdp(1))


def test_a_long_list_is_cut_in_the_text_and_whole_in_the_attachment() -> None:
    message = mail_of(*(rdp(number) for number in range(1, 41)))
    assert "en nog 25 systemen, zie de bijlage" in message.text
    assert len(sheets(message)[0]) == 41


def test_a_table_of_thousands_is_whole_and_the_same_each_time() -> None:
    systems = [
        service(f"192.0.{number // 250}.{number % 250}", "open-rdp", 3389)
        for number in range(3_000)
    ]
    message = mail_of(*systems)
    assert len(sheets(message)[0]) == 3_001
    assert mail_of(*systems) == message


BARE = Carries(encryption=False, attachments=False, longest_text=None)


@pytest.mark.parametrize(
    ("language", "more"), [("nl", "en nog 5 systemen"), ("en", "and 5 more systems")]
)
def test_without_attachments_none_is_made_and_none_is_named(language: str, more: str) -> None:
    facts = warning("Haven", *(rdp(number) for number in range(1, 21)), language=language)
    message = compose(facts, SENDER, carries=BARE)
    assert message.attachments == ()
    assert f"\n{more}\n" in message.text
    assert not re.search("bijlage|attach", message.text)


def test_without_attachments_everything_is_told_in_full() -> None:
    told = compose(WARNINGS["many-kinds"], SENDER, carries=BARE).text
    assert told.count(frame("nl").heading_check) == 11


def test_a_short_text_shows_fewer_systems_and_says_how_many_more() -> None:
    facts = warning("Haven", *(rdp(number) for number in range(1, 15)))
    whole = compose(facts, SENDER).text
    limit = len(whole) - 300
    message = compose(facts, SENDER, carries=replace(BARE, attachments=True, longest_text=limit))
    left_out = re.search(r"\nen nog (\d+) systemen, zie de bijlage\n", message.text)
    assert left_out
    assert limit - 200 < len(message.text) <= limit
    assert message.text.count("\n- 192.0.2.") == 14 - int(left_out[1])


def test_a_text_that_cannot_be_made_short_enough_is_no_message() -> None:
    with pytest.raises(ChannelError, match="300") as caught:
        compose(warning("Haven", rdp(1)), SENDER, carries=replace(BARE, longest_text=300))
    assert caught.value.permanent
    assert caught.value.about is About.MESSAGE


def test_a_service_without_a_line_to_check_asks_to_look_its_number_up() -> None:
    sender = replace(
        SENDER,
        contact_line="",
        sources={"shadowserver": Source("Another", SharingTerms())},
        zone=UTC,
    )
    text = compose(warning("Haven", rdp(1)), sender).text
    assert "Zoek ons telefoonnummer zelf op" in text
    assert "Another zag dit op 26 november 2026 03:14 (+00:00)." in text
