"""The words: complete in both languages, short enough to read, and safe to look up."""

import re
import string
import tomllib
from collections import Counter
from dataclasses import FrozenInstanceError, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from baken import advice
from baken.advice import (
    LANGUAGES,
    Advice,
    Frame,
    advice_for,
    detail_names,
    frame,
    written_kinds,
)
from baken.core.finding_kinds import finding_kinds, parse_finding_kinds

KINDS = sorted(written_kinds())

RSIT_TYPES = """
    spam harmful-speech violence infected-system c2-server malware-distribution
    malware-configuration dga-domain scanner sniffing social-engineering ids-alert brute-force
    exploit privileged-account-compromise unprivileged-account-compromise application-compromise
    system-compromise burglary dos ddos misconfiguration outage sabotage
    unauthorised-information-access unauthorised-information-modification data-loss data-leak
    unauthorised-use-of-resources copyright masquerade phishing weak-crypto ddos-amplifier
    potentially-unwanted-accessible information-disclosure vulnerable-system blocklist other
    undetermined test
""".split()  # noqa: SIM905 -- a column of quoted names reads worse

TEXTS = [*KINDS, "_service", *(f"_rsit/{rsit_type}" for rsit_type in RSIT_TYPES)]
KEYS = {"subject", "seen", "matters", "now", "later", "check"}

# What a text of advice may have filled in from the row, next to the words of the frame below.
FILLED_IN = {"service", "ports", "port", "transport", "scan", "address", "host", "families", "cves"}
NEW_SERVICE = parse_finding_kinds(
    'open-gopher = { layer = "service", protocol = "Gopher", transports = ["tcp"] }'
)

PLACEHOLDERS = {
    "subject": {"finding", "label", "more", "organisation", "urgency"},
    "subject_more": {"count"},
    "top_line": {"label", "organisation", "sender_name"},
    "salutation_named": {"name"},
    "intro_unasked": {"sender_name"},
    "threat": {"title"},
    "seen_by": {"moment", "source"},
    "seen_by_last": {"moment", "source"},
    "seen_by_unnamed": {"moment"},
    "seen_by_unnamed_last": {"moment"},
    "seen_by_several": {"count", "moment", "source"},
    "seen_by_unnamed_several": {"count", "moment"},
    "told_reminder": {"seen", "told"},
    "told_back": {"seen", "told"},
    "told_worse": {"seen", "told"},
    "told_news": {"seen", "told"},
    "fact_more_singular": {"number"},
    "fact_more_plural": {"count", "number"},
    "system_port": {"port", "system"},
    "system_port_protocol": {"port", "protocol", "system"},
    "check_page": {"code"},
    "holder": {"organisation"},
    "seen_once": {"moment"},
    "seen_several": {"first", "last"},
    "source_port": {"port"},
    "target_port": {"port"},
    "moment_source_port": {"moment", "port"},
    "moment_target_port": {"moment", "port"},
    "times_seen": {"count"},
    "quoted_of_system": {"text"},
    "quoted": {"text"},
    "list_last": {"items", "last"},
    "list_more_singular": {"items"},
    "list_more_plural": {"count", "items"},
    "others_plural": {"count"},
    "more_plural": {"count"},
    "attachment": {"file_name"},
    "attachment_advice": {"file_name"},
    "file_name": {"code"},
    "values_more": {"count"},
    "answer": {"reply_to"},
    "genuine_check": {"contact_line"},
    "sign_off": {"sender_name"},
    "privacy_source": {"source"},
    "privacy_kept": {"days"},
}

HOSTILE_NAMES = [
    "../../etc",
    "..",
    ".",
    "",
    "/etc/passwd",
    "_base",
    "_rsit",
    "_service",
    "_rsit/spam",
    "__pycache__",
    "open-rdp/../open-smb",
    "open-rdp\n",
    "open-rdp\x00",
    "OPEN-RDP",
    "-open-rdp",
    "a" * 65,
    "{0.__class__}",
]


def advice_of(text: str, language: str) -> Advice:
    if text == "_service":
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(advice, "finding_kinds", lambda: NEW_SERVICE)
            return advice_for("open-gopher", rsit_type="other", language=language)
    if text.startswith("_rsit/"):
        rsit_type = text.removeprefix("_rsit/")
        return advice_for("no-such-kind", rsit_type=rsit_type, language=language)
    return advice_for(text, rsit_type="undetermined", language=language)


def prose_of(said: Advice) -> list[str]:
    """The sentences of one advice, without the commands."""
    check = [line for line in said.check.splitlines() if not line.startswith("    ")]
    paragraphs = [said.seen, said.matters, *said.now, *said.later, *check]
    return [s for p in paragraphs for s in re.split(r"(?<=[.!?])\]?\s+(?=[A-Z0-9\"\[])", p) if s]


def words_of(text: str, language: str) -> dict[str, Any]:
    """The file of one text as it stands."""
    source = files(advice).joinpath(*text.split("/"), f"{language}.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def everything_in(said: Advice) -> str:
    return "\n".join(
        [said.subject, said.seen, said.matters, *said.now, *said.later, said.check],
    )


def test_the_kinds_with_words_are_kinds_we_know() -> None:
    assert finding_kinds().keys() >= set(KINDS)


@pytest.mark.parametrize("kind", sorted(finding_kinds()))
def test_no_kind_we_know_needs_the_words_of_a_type(kind: str) -> None:
    """A type covers much that a kind does not say; "can be reached" is all that a protocol says."""
    assert kind in KINDS or finding_kinds()[kind].protocol


def test_every_rsit_type_has_a_fallback() -> None:
    folder = files(advice) / "_rsit"
    assert {child.name for child in folder.iterdir() if child.is_dir()} == set(RSIT_TYPES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_complete(text: str, language: str) -> None:
    words = words_of(text, language)

    assert words.keys() == KEYS
    assert all(
        isinstance(words[key], str) and words[key].strip() for key in KEYS - {"now", "later"}
    )
    assert 2 <= len(words["now"]) <= 5
    assert 1 <= len(words["later"]) <= 4
    assert all(isinstance(s, str) and s.strip() == s != "" for s in words["now"] + words["later"])


@pytest.mark.parametrize("text", TEXTS)
def test_both_languages_have_the_same_steps_and_commands(text: str) -> None:
    dutch, english = advice_of(text, "nl"), advice_of(text, "en")

    assert (dutch.language, english.language) == ("nl", "en")
    assert len(dutch.now) == len(english.now)
    assert len(dutch.later) == len(english.later)
    commands = [
        [re.sub(r"<[^>]+>", "<>", line) for line in said.check.splitlines() if line[:4] == "    "]
        for said in (dutch, english)
    ]
    assert commands[0] == commands[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", TEXTS)
def test_a_subject_fits_in_a_mail_header(text: str, language: str) -> None:
    subject = advice_of(text, language).subject

    assert len(subject) <= 48, "what is cut off in a subject is for whom it is"
    assert subject.isprintable()
    assert not subject.endswith(".")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_texts_say_that_the_same_was_seen(language: str) -> None:
    texts = Counter(advice_of(text, language).seen for text in TEXTS)

    assert {seen for seen, times in texts.items() if times > 1} == set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", TEXTS)
def test_what_is_filled_in_is_known_and_may_be_left_out(text: str, language: str) -> None:
    facts = finding_kinds().get(text)
    is_about_one_service = text == "_service" or (facts is not None and bool(facts.protocol))
    words = words_of(text, language)
    for said in [words[key] for key in KEYS - {"now", "later"}] + words["now"] + words["later"]:
        parts = re.findall(r"\[([^][]*)\]", said)
        around = re.sub(r"\[[^][]*\]", "", said)

        assert not set("[]") & set(around), "brackets stand in pairs and not in each other"
        assert all(placeholders_in(part) for part in parts), "nothing would drop it"
        assert placeholders_in(said) <= FILLED_IN
        assert placeholders_in(around) <= ({"service"} if is_about_one_service else set())


def placeholders_in(text: str) -> set[str]:
    return set(re.findall(r"\{([^{}\s]+)\}", text))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_reads_at_b1_level(text: str, language: str) -> None:
    lengths = [
        (len(sentence.split()), sentence) for sentence in prose_of(advice_of(text, language))
    ]

    too_long = [sentence for length, sentence in lengths if length > 28]
    assert not too_long
    assert sum(length for length, _ in lengths) / len(lengths) <= 15


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_plain_text_without_links_or_foreign_words(text: str, language: str) -> None:
    said = everything_in(advice_of(text, language))

    assert "://" not in said
    assert "**" not in said
    assert "`" not in said
    assert not re.search(r"</|<br|<p>|&[a-z]+;", said)
    assert not re.search(r"\b(events?|alerts?|tickets?|clients?|customers?)\b", said, re.IGNORECASE)
    placeholders = {"nl": "<address>", "en": "<adres>"}
    assert placeholders[language] not in said


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_leaves_the_day_to_the_deadline_of_the_mail(text: str) -> None:
    assert not re.search(r"\bvandaag\b", everything_in(advice_of(text, "nl")), re.IGNORECASE)
    said = " ".join([*advice_of(text, "en").now, *advice_of(text, "en").later])
    assert not re.search(r"\btoday\b", said, re.IGNORECASE)


@pytest.mark.parametrize("text", TEXTS)
def test_dutch_says_u(text: str) -> None:
    said = everything_in(advice_of(text, "nl"))

    assert re.search(r"\buw?\b", said, re.IGNORECASE)
    assert not re.search(r"\b(je|jij|jou|jouw|jullie)\b", said, re.IGNORECASE)


def test_a_kind_has_its_own_words_whatever_its_type() -> None:
    said = advice_for("open-rdp", rsit_type="spam", language="nl")

    assert said.kind == "open-rdp"
    assert said.subject == "Extern bureaublad (RDP) open voor internet"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_service_without_words_is_said_to_be_reachable_and_no_more(language: str) -> None:
    said = advice_of("_service", language)

    assert said.kind == "_service"
    assert "{service}" in said.seen
    assert not re.search(r"kwetsba|lek|gehackt|vulnerab|hacked", everything_in(said))


def test_an_unknown_kind_falls_back_to_its_type() -> None:
    said = advice_for("cve-2023-46805", rsit_type="vulnerable-system", language="en")

    assert said.kind == "vulnerable-system"
    assert said.subject == "System of yours is vulnerable"


def test_an_unknown_type_falls_back_to_undetermined() -> None:
    said = advice_for("no-such-kind", rsit_type="no-such-type", language="en")

    assert said == advice_for("no-such-kind", rsit_type="undetermined", language="en")
    assert said.kind == "undetermined"


@pytest.mark.parametrize("language", ["fr", "", "NL", "../nl"])
def test_an_unknown_language_gives_english(language: str) -> None:
    said = advice_for("open-rdp", rsit_type="other", language=language)

    assert said == advice_for("open-rdp", rsit_type="other", language="en")
    assert frame(language) == frame("en")


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_falls_back_and_reads_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = advice_for("no-such-kind", rsit_type="undetermined", language="nl")
    written_kinds()

    def refuse(*_: object, **__: object) -> str:
        pytest.fail("a hostile name reached the file system")

    monkeypatch.setattr(Path, "read_text", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "iterdir", refuse)
    monkeypatch.setattr(Path, "is_dir", refuse)

    assert advice_for(name, rsit_type=name, language="nl") == expected


def test_paragraphs_are_one_line_and_commands_keep_their_own() -> None:
    said = advice_for("open-rdp", rsit_type="other", language="en")

    assert "\n" not in said.seen + said.matters
    assert said.check.splitlines() == [
        "[Test port {port} from outside your own network, for example over a mobile phone:]",
        "    [nmap -Pn {scan} {address}]",
        'The port must be "closed" or "filtered", not "open".',
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_frame_names_exactly_its_placeholders(language: str) -> None:
    words = frame(language)

    for field in fields(Frame):
        text = getattr(words, field.name)
        named = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        assert named == PLACEHOLDERS.get(field.name, set()), field.name
        filled = text.format(**dict.fromkeys(named, "{x}"))
        assert filled.strip() == filled != ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_frame_is_short_plain_text(language: str) -> None:
    words = frame(language)
    texts = {field.name: getattr(words, field.name) for field in fields(Frame)}

    assert {name for name, text in texts.items() if "\n" in text} == {"sign_off"}
    assert not any("://" in text or "<" in text for text in texts.values())
    for text in texts.values():
        assert all(len(s.split()) <= 28 for s in re.split(r"(?<=[.!?])\s+", text)), text


def test_the_dutch_frame_says_u() -> None:
    words = frame("nl")

    for field in fields(Frame):
        assert not re.search(r"\b(je|jij|jou|jouw|jullie)\b", getattr(words, field.name))


def test_words_for_severity_and_reason() -> None:
    assert frame("nl").severity_word("high") == "hoog"
    assert frame("en").severity_word("critical") == "critical"
    assert frame("nl").reason_word("worse") == "erger geworden"
    assert frame("en").reason_word("reminder") == "seen again"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", ["clear", "green", "amber", "amber_strict", "red"])
def test_a_tlp_sentence_carries_its_untranslated_label(key: str, language: str) -> None:
    label = "TLP:" + key.replace("_", "+").upper()
    sentence = frame(language).tlp_sentence(label)

    assert sentence == frame(language).tlp_sentence(key)
    assert sentence.startswith(f"{label}. ")


@pytest.mark.parametrize("label", ["TLP:WHITE", "", "__class__", "TLP:AMBER+LOOSE"])
def test_an_unknown_tlp_label_is_refused(label: str) -> None:
    with pytest.raises(KeyError):
        frame("en").tlp_sentence(label)


def test_the_months_are_twelve() -> None:
    assert [frame("nl").month(number) for number in (1, 12)] == ["januari", "december"]
    assert len(frame("en").months.split()) == 12


def test_a_frame_says_that_we_wrote_before_only_where_we_did() -> None:
    assert frame("en").told_before("reminder").startswith("We wrote to you on {told}.")
    assert frame("en").told_before("new") == ""


def test_details_have_a_name_in_both_languages() -> None:
    dutch, english = detail_names("nl"), detail_names("en")
    assert list(dutch) == list(english)
    for key, name in dutch.items():
        assert name.is_said_by_system == english[key].is_said_by_system
        assert "_" not in name.text + english[key].text


def test_words_cannot_be_changed() -> None:
    said = advice_for("open-rdp", rsit_type="other", language="nl")

    with pytest.raises(FrozenInstanceError):
        said.subject = "x"  # type: ignore[misc]
