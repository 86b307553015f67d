"""The words: what was seen, why it matters, and what to do, per finding kind, in Dutch and English.

A finding kind has a folder with ``nl.toml`` and ``en.toml``. A kind without a folder gets the words
of its type in the Reference Security Incident Taxonomy (RSIT), from ``_rsit/``. The words around
them, the same in every warning, are in ``_base/``. To add a kind, add its folder; no code changes.

In the files, the lines of a paragraph are folded into one, and a line indented by four spaces is a
command that stays on its own line. All text is plain text: the channel that sends it escapes it.
"""

import re
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, Final

__all__ = ["LANGUAGES", "Advice", "Frame", "advice_for", "frame", "written_kinds"]

LANGUAGES: Final = ("nl", "en")
"""The languages every text is written in."""

_FALLBACK_LANGUAGE: Final = "en"
_FALLBACK_TYPE: Final = "undetermined"
_TYPES: Final = "_rsit"
_BASE: Final = "_base"
_KIND: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_COMMAND_INDENT: Final = "    "


@dataclass(frozen=True, slots=True)
class Advice:
    """What one finding kind means and what to do about it, in one language.

    ``kind`` names whose words these are: the finding kind, or the RSIT type it fell back to.
    ``subject`` is a phrase for a mail subject, at most 70 characters, without a full stop.
    ``check`` may hold commands, each on its own line and indented by four spaces.
    """

    kind: str
    language: str
    subject: str
    seen: str
    matters: str
    now: tuple[str, ...]
    later: tuple[str, ...]
    check: str


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
    reason_reminder: str
    reason_threat: str

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


def advice_for(finding_kind: str, *, rsit_type: str, language: str) -> Advice:
    """The advice for a finding kind: its own, else its RSIT type's, else that of *undetermined*.

    An unknown language gives English. Kind and type may come straight from a feed: a name that is
    not a written folder never reaches the file system.
    """
    spoken = language if language in LANGUAGES else _FALLBACK_LANGUAGE
    if finding_kind in written_kinds():
        return _advice(finding_kind, "", spoken)
    written_type = rsit_type if rsit_type in _written_types() else _FALLBACK_TYPE
    return _advice(written_type, _TYPES, spoken)


def frame(language: str) -> Frame:
    """The words around the advice. An unknown language gives English."""
    return _frame(language if language in LANGUAGES else _FALLBACK_LANGUAGE)


@cache
def written_kinds() -> frozenset[str]:
    """The finding kinds that have words of their own."""
    return _folders()


@cache
def _written_types() -> frozenset[str]:
    return _folders(_TYPES)


def _folders(*parent: str) -> frozenset[str]:
    folder = files(__name__).joinpath(*parent)
    return frozenset(
        child.name for child in folder.iterdir() if child.is_dir() and _KIND.fullmatch(child.name)
    )


@cache
def _advice(kind: str, parent: str, language: str) -> Advice:
    words = _read(*filter(None, (parent, kind)), language=language)
    return Advice(
        kind=kind,
        language=language,
        subject=words["subject"],
        seen=_unfold(words["seen"]),
        matters=_unfold(words["matters"]),
        now=tuple(words["now"]),
        later=tuple(words["later"]),
        check=_unfold(words["check"]),
    )


@cache
def _frame(language: str) -> Frame:
    words = _read(_BASE, language=language)
    return Frame(
        language=language,
        **{
            name: text.strip() if name in _LINES_KEPT else _unfold(text)
            for name, text in words.items()
        },
    )


def _read(*folder: str, language: str) -> dict[str, Any]:
    source = files(__name__).joinpath(*folder, f"{language}.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def _unfold(text: str) -> str:
    """One line a paragraph; a command, indented by four spaces, keeps its own line."""
    lines: list[str] = []
    paragraph_is_open = False
    for line in text.strip("\n").splitlines():
        is_command = line.startswith(_COMMAND_INDENT)
        if paragraph_is_open and not is_command:
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line.rstrip())
        paragraph_is_open = not is_command
    return "\n".join(lines)
