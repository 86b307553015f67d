"""The words of each language are complete for every rule, and say the same with the same facts."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from string import Formatter
from types import ModuleType

import pytest

import baken.cli
import baken.explaining
from baken.core.choosing import PassedOver
from baken.core.classification import Severity
from baken.core.identity import Party
from baken.core.language import Language
from baken.core.lookup import Basis, FoundChannel, Refusal
from baken.core.rules import Rule
from baken.explaining.rules import reason_of, remedy_of, would_be_silent
from baken.explaining.words import Words, words_in
from baken.matching import RULES, MatchRule
from baken.outbox.models import PassOnSystem
from baken.outbox.withdrawal_reasons import REASON_KEYS
from baken.responses.models import Answer, CallAttempt, LetterFact

BOTH = [words_in(language) for language in Language]
EN, NL = words_in(Language.EN), words_in(Language.NL)
WAITING = {Rule.TOLD_RECENTLY, Rule.ON_HOLD, Rule.ANSWERED, Rule.WAITS}
"""The rules of which a verdict may say until when they hold."""

FAMILIES = {
    "reasons": {"new", "worse", "back", "news", "threat", "reminder"},
    "relations": {"owner", "operator"},
    "roles": {"security", "technical", "general", "management"},
    "standings": {"registered", "discovered"},
    "channels": {"mail", "phone", "letter", "webhook", "portal"},
    "states.case": {"open", "gone", "not-looked-at"},
    "states.notification": {"planned", "accepted", "refused", "withdrawn"},
    "states.delivery": {"sending", "accepted", "deferred", "refused", "uncertain"},
    "severities": {severity.key for severity in Severity},
    "withdrawn": set(REASON_KEYS.values()),
    "matches": {rule.value for rule in MatchRule},
    "ladder.states": {"owner", "operator", "handed-over", "by-hand", "nobody", "disowned"},
    "ladder.constituents": {"address", "as-number", "domain", "country"},
    "ladder.parties": {party.value for party in Party},
    "ladder.channels": {channel.value for channel in FoundChannel},
    "ladder.bases": {basis.value for basis in Basis},
    "ladder.passed": {why.value for why in PassedOver},
    "ladder.refusals": {why.value for why in Refusal},
    "pass_on.answers": set(PassOnSystem.Answer.values),
    "pass_on.how": set(PassOnSystem.How.values),
    "calls.outcome": set(CallAttempt.Outcome.values),
    "letters.reason": set(LetterFact.Reason.values),
    "letters.state": {"waiting", "printed", "sent", "returned"},
    "answers": set(Answer.Kind.values),
    "calls.state": {"waiting", "later", "claimed", "done"},
}
"""The words for what is stored as a key; tests/db/test_explaining.py holds them to the tables."""


def below(words: Words, family: str) -> set[str]:
    """The keys within `family`."""
    return {
        key.removeprefix(f"{family}.") for key in words.sentences if key.startswith(f"{family}.")
    }


def facts_of(sentence: str) -> set[str]:
    """The names of what is filled in."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def test_both_languages_have_the_same_sentences() -> None:
    assert NL.sentences.keys() == EN.sentences.keys()


@pytest.mark.parametrize("key", sorted(EN.sentences))
def test_a_sentence_needs_the_same_facts_in_both_languages(key: str) -> None:
    assert facts_of(NL.sentences[key]) == facts_of(EN.sentences[key])
    assert NL.sentences[key].strip(), "something is said"


@pytest.mark.parametrize("words", BOTH, ids=list(Language))
def test_every_rule_has_exactly_the_sentences_that_it_can_need(words: Words) -> None:
    wanted = {f"{rule}.case" for rule in Rule}
    wanted |= {f"{rule}.many" for rule in Rule if not rule.tells}
    wanted |= {f"{rule}.remedy" for rule in Rule if rule.blocks}
    wanted |= {f"{rule}.until" for rule in WAITING}
    assert below(words, "rules") == wanted


@pytest.mark.parametrize("words", BOTH, ids=list(Language))
@pytest.mark.parametrize("family", FAMILIES)
def test_everything_stored_as_a_key_has_a_word(words: Words, family: str) -> None:
    assert below(words, family) == FAMILIES[family]


@pytest.mark.parametrize("words", BOTH, ids=list(Language))
@pytest.mark.parametrize("rule", RULES)
def test_every_match_says_by_which_asset(words: Words, rule: MatchRule) -> None:
    found_out = {MatchRule.DISCOVERED, MatchRule.REGISTERED_SINCE}  # nobody listed an asset
    by = set() if rule in found_out else {"asset"}
    assert facts_of(words.sentences[f"matches.{rule}"]) == by


def test_no_sentence_is_there_that_nothing_says() -> None:
    families = [*FAMILIES, "rules"]
    used = set(re.findall(r'"([a-z_.]+?)"', source_of(baken.explaining) + source_of(baken.cli)))
    used |= {f"nouns.{noun}.{form}" for noun in used for form in ("one", "many")}
    used |= {f"doctor.subject.{subject}" for subject in used}
    unused = {
        key
        for key in EN.sentences
        if key not in used and not any(key.startswith(f"{family}.") for family in families)
    }
    assert not unused


def source_of(package: ModuleType) -> str:
    """The source of all modules of `package`, as one text."""
    folder = Path(str(package.__file__)).parent
    return "\n".join(path.read_text() for path in sorted(folder.rglob("*.py")))


def test_a_reminder_is_told_with_its_day() -> None:
    on = datetime(2026, 12, 1, 3, tzinfo=UTC)
    said = reason_of(Rule.TOLD_RECENTLY, EN, not_before=on)
    assert said == "it was told already; a reminder goes from 2026-12-01"
    assert "2026-12-01" in reason_of(Rule.ON_HOLD, NL, not_before=on)
    assert "2026" not in reason_of(Rule.GONE, EN, not_before=on)


def test_only_what_blocks_has_a_remedy() -> None:
    assert {rule for rule in Rule if remedy_of(rule, NL)} == {rule for rule in Rule if rule.blocks}


def test_numbers_and_times_are_written_as_the_language_writes_them() -> None:
    assert NL.counted("case", 12_345) == "12.345 gevallen"
    assert EN.counted("case", 12_345) == "12,345 cases"
    assert (EN.counted("case", 1), NL.counted("case", 1)) == ("1 case", "1 geval")
    at = datetime(2026, 11, 24, 2, 17, 5, tzinfo=UTC)
    assert EN.say("doctor.feed.well", at=at) == "the last report came in at 2026-11-24 02:17 UTC"
    assert EN.say("subject.period_from", start=date(2026, 1, 2)) == " (from 2026-01-02)"


def test_a_fact_that_is_not_given_is_an_error_and_no_gap() -> None:
    with pytest.raises(KeyError):
        EN.say("case.next", rule="new")


def test_what_an_adapter_brought_keeps_its_own_name() -> None:
    assert NL.name("channels", "phone") == "telefoon"
    assert NL.name("channels", "pigeon") == "pigeon"


def test_what_braces_stand_in_a_fact_stay_as_they_are() -> None:
    assert EN.say("send.problem", problem="{at}") == "The run stopped early: {at}"


@pytest.mark.parametrize("words", BOTH, ids=list(Language))
@pytest.mark.parametrize("rule", [rule for rule in Rule if not rule.tells])
def test_one_and_many_organisations_are_told_apart(words: Words, rule: Rule) -> None:
    one, many = (would_be_silent(rule, count, words) for count in (1, 2))
    assert words.counted("organisation", 1) in one
    assert words.counted("organisation", 2) in many
    assert one.endswith(".")
