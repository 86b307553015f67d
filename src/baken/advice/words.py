"""The words of one finding kind, and how files of words are read: language, folding of lines."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from baken.core.language import Language

LANGUAGES: Final = tuple(Language)
"""The languages every text is written in."""

_FALLBACK_LANGUAGE: Final = Language.EN
_PACKAGE: Final = "baken.advice"
COMMAND_INDENT: Final = "    "
"""How a line begins that is a command, and stays a line of its own."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What one finding kind means and what to do about it, in one language.

    ``kind`` names whose words these are: the finding kind, ``_service``, or the RSIT type it fell
    back to.
    ``subject`` is a phrase for a mail subject, at most 48 characters, without a full stop.
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


def language_of_words(language: str) -> str:
    """`language` when texts are written in it, else English."""
    return language if language in LANGUAGES else _FALLBACK_LANGUAGE


def read_words(*folder: str, language: str) -> dict[str, Any]:
    """What the file of `language` in `folder` says, which is below this package."""
    return tomllib.loads(read_file(*folder, f"{language}.toml"))


def read_file(*path: str) -> str:
    """The text of one file below this package."""
    return files(_PACKAGE).joinpath(*path).read_text(encoding="utf-8")


def unfold(text: str) -> str:
    """One line a paragraph; a command, indented by four spaces, keeps its own line."""
    lines: list[str] = []
    paragraph_is_open = False
    for line in text.strip("\n").splitlines():
        is_command = line.startswith(COMMAND_INDENT)
        if paragraph_is_open and not is_command:
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line.rstrip())
        paragraph_is_open = not is_command
    return "\n".join(lines)
