"""The words around the advice, the same in every warning; their texts are in ``_base/``."""

from dataclasses import dataclass, fields
from functools import cache
from string import Template
from typing import Final

from baken.advice.words import language_of_words, read_file, read_words, unfold


@dataclass(frozen=True, slots=True)
class Frame:
    """The words around the advice, the same in every warning, in one language.

    Names in braces below are filled in with ``str.format``; a field without braces stands as it is.
    """

    language: str

    subject: str
    """{label} {urgency} {finding} {more} {organisation}"""
    subject_more: str
    """{count}"""

    urgency_info: str
    urgency_low: str
    urgency_medium: str
    urgency_high: str
    urgency_critical: str
    urgency_reminder: str

    top_line: str
    """{label} {sender_name} {organisation}"""
    salutation_named: str
    """{name}"""
    salutation: str

    intro_unasked: str
    """{sender_name}"""
    threat: str
    """{title}"""
    seen_by: str
    """{source} {moment}"""
    seen_by_last: str
    """{source} {moment}"""
    seen_by_unnamed: str
    """{moment}"""
    seen_by_unnamed_last: str
    """{moment}"""

    seen_by_several: str
    """{source} {count} {moment}"""
    seen_by_unnamed_several: str
    """{count} {moment}"""

    told_reminder: str
    """{told} {seen}"""
    told_back: str
    """{told} {seen}"""
    told_worse: str
    """{told} {seen}"""
    told_news: str
    """{told} {seen}"""
    site_on_address: str
    site_on_address_ask: str

    fact_system: str
    fact_systems: str
    not_to_click: str
    fact_more: str
    fact_more_singular: str
    """{number}"""
    fact_more_plural: str
    """{count} {number}"""
    fact_share: str
    fact_genuine: str
    fact_answer: str

    deadline_info: str
    deadline_low: str
    deadline_medium: str
    deadline_high: str
    deadline_critical: str

    heading_systems: str
    heading_matters: str
    heading_now: str
    heading_later: str
    heading_check: str
    heading_others: str
    heading_privacy: str
    heading_answer: str

    system_port: str
    """{system} {port}"""
    system_port_protocol: str
    """{system} {port} {protocol}"""
    seen_once: str
    """{moment}"""
    seen_several: str
    """{first} {last}"""
    source_port: str
    """{port}"""
    target_port: str
    """{port}"""
    moment_source_port: str
    """{moment} {port}"""
    moment_target_port: str
    """{moment} {port}"""
    times_seen: str
    """{count}"""
    first_step: str

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

    quoted_of_system: str
    """{text}"""
    quoted: str
    """{text}"""
    yes: str
    no: str
    decimal_mark: str
    list_last: str
    """{items} {last}"""
    list_more_singular: str
    """{items}"""
    list_more_plural: str
    """{items} {count}"""

    others_singular: str
    others_plural: str
    """{count}"""
    more_singular: str
    more_plural: str
    """{count}"""

    attachment: str
    """{file_name}"""
    attachment_advice: str
    """{file_name}"""
    months: str
    check_each: str
    """The twelve, in order, with a space between them"""

    file_name: str
    """{code}"""
    sheet_systems: str
    sheet_details: str
    sheet_advice: str

    column_system: str
    holder: str
    """{organisation}"""
    column_address: str
    column_port: str
    column_source_port: str
    column_protocol: str
    column_name: str
    column_url: str
    column_what: str
    column_severity: str
    column_reason: str
    column_first_seen: str
    column_last_seen: str
    column_times_seen: str
    column_product: str
    column_asset: str
    column_label: str
    column_detail: str
    values_more: str
    """{count}"""
    column_value: str

    answer: str
    """{reply_to}"""
    genuine_check: str
    """{contact_line}; the code stands below it"""
    genuine_look_up: str
    genuine_never: str
    sign_off: str
    """{sender_name}; two lines"""

    answer_page: str
    check_page: str
    """{code}"""
    privacy_source: str
    """{source}"""
    privacy_ground_legitimate_interest: str
    privacy_ground_public_task: str
    privacy_kept: str
    """{days}"""
    privacy_object: str

    tlp_clear: str
    tlp_green: str
    tlp_amber: str
    tlp_amber_strict: str
    tlp_red: str

    supplier_may: str
    supplier_ask: str

    def severity_word(self, severity: str) -> str:
        """The word for a severity: info, low, medium, high or critical. KeyError for another."""
        return self._word("severity", severity)

    def decimal(self, number: float) -> str:
        """`number` as it is read: whole from ten on, below that with what comes behind the mark."""
        digits = f"{number:.0f}" if number >= 10 else f"{number:.2f}".rstrip("0").rstrip(".")
        return digits.replace(".", self.decimal_mark)

    def month(self, number: int) -> str:
        """The name of a month, counted from 1."""
        return self.months.split()[number - 1]

    def urgency(self, severity: str) -> str:
        """How urgent a severity is, for the subject. KeyError for another."""
        return self._word("urgency", severity)

    def told_before(self, reason: str) -> str:
        """That we wrote before; empty for a reason that does not follow on an earlier warning."""
        return self._word("told", reason) if f"told_{reason}" in _FRAME_WORDS else ""

    def privacy_ground(self, ground: str) -> str:
        """On what ground an address is used, such as ``public-task``. KeyError for another."""
        return self._word("privacy_ground", ground.replace("-", "_"))

    def deadline(self, severity: str) -> str:
        """By when to act on a severity, as a sentence without a full stop. KeyError for another."""
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


@cache
def html_frame() -> Template:
    """What stands around the blocks of a message in HTML: ``$language``, ``$title``, ``$body``."""
    return Template(read_file(_BASE, "mail.html"))
