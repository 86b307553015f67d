"""The words around the advice, the same in every warning; their texts are in ``_base/``."""

from dataclasses import dataclass, fields
from functools import cache
from typing import Final

from baken.advice.words import language_of_words, read_words, unfold


@dataclass(frozen=True, slots=True)
class Frame:
    """The words around the advice, the same in every warning, in one language.

    Names in braces below are filled in with ``str.format``; a field without braces stands as it is.
    """

    language: str

    subject_one_kind: str
    """{label} {finding} {organisation}"""
    subject_several_kinds_singular: str
    """{label} {count} {organisation} {finding}; one system shows more than one finding kind"""
    subject_several_kinds_plural: str
    """{label} {count} {organisation} {finding}"""

    salutation_named: str
    """{name}"""
    salutation: str
    intro_singular: str
    """{sender_name} {organisation}"""
    intro_plural: str
    """{sender_name} {organisation} {count}"""
    intro_unasked_singular: str
    """{sender_name} {organisation}; to an organisation that did not sign up"""
    intro_unasked_plural: str
    """{sender_name} {organisation} {count}"""
    threat: str
    """{title}"""

    deadline_info: str
    deadline_low: str
    deadline_medium: str
    deadline_high: str
    deadline_critical: str

    heading_seen: str
    heading_systems: str
    heading_matters: str
    heading_now: str
    heading_later: str
    heading_check: str
    heading_answer: str
    heading_genuine: str

    column_system: str
    column_severity: str
    column_reason: str
    column_first_seen: str
    column_last_seen: str
    column_times_seen: str
    column_details: str

    severity_info: str
    severity_low: str
    severity_medium: str
    severity_high: str
    severity_critical: str

    reason_new: str
    reason_worse: str
    reason_back: str
    reason_news: str
    reason_reminder: str
    reason_threat: str

    list_last: str
    """{items} {last}"""
    list_more_singular: str
    """{items}"""
    list_more_plural: str
    """{items} {count}"""

    more_singular: str
    more_plural: str
    """{count}"""
    attachment: str
    """{file_name}"""
    time_note: str

    answer: str
    """{reply_to}"""
    genuine_check: str
    """{contact_line}"""
    genuine_reference: str
    """{reference}"""
    genuine_never: str
    sign_off: str
    """{sender_name}; two lines"""

    tlp_clear: str
    tlp_green: str
    tlp_amber: str
    tlp_amber_strict: str
    tlp_red: str

    def severity_word(self, severity: str) -> str:
        """The word for a severity: info, low, medium, high or critical. KeyError for another."""
        return self._word("severity", severity)

    def deadline(self, severity: str) -> str:
        """By when to act on a severity, as a sentence. KeyError for another."""
        return self._word("deadline", severity)

    def reason_word(self, reason: str) -> str:
        """The word for why a case is told now: new, worse, back, reminder or threat.

        Raises KeyError for another.

        Worse, back and reminder are about a case this organisation was told about before.
        """
        return self._word("reason", reason)

    def tlp_sentence(self, label: str) -> str:
        """What the reader may do with the warning, for a TLP 2.0 label such as TLP:AMBER+STRICT.

        Takes the label itself or its key (``amber_strict``). KeyError for another label: a warning
        whose sharing rule is unknown must not go out.
        """
        key = label.lower().removeprefix("tlp:").replace("+", "_").replace("-", "_")
        return self._word("tlp", key)

    def _word(self, group: str, key: str) -> str:
        name = f"{group}_{key}"
        if name not in _FRAME_WORDS:
            raise KeyError(name)
        word: str = getattr(self, name)
        return word


_FRAME_WORDS: Final = frozenset(field.name for field in fields(Frame)) - {"language"}
_LINES_KEPT: Final = frozenset({"sign_off"})
_BASE: Final = "_base"


def frame(language: str) -> Frame:
    """The words around the advice. An unknown language gives English."""
    return _frame(language_of_words(language))


@cache
def _frame(language: str) -> Frame:
    words = read_words(_BASE, language=language)
    return Frame(
        language=language,
        **{
            name: text.strip() if name in _LINES_KEPT else unfold(text)
            for name, text in words.items()
        },
    )
