"""How the files of words are read: which language, and how their lines are folded."""

import tomllib
from importlib.resources import files
from typing import Any, Final

from baken.core.language import Language

LANGUAGES: Final = tuple(Language)
"""The languages every text is written in."""

_FALLBACK_LANGUAGE: Final = Language.EN
_PACKAGE: Final = "baken.advice"
_COMMAND_INDENT: Final = "    "


def language_of_words(language: str) -> str:
    """`language` when texts are written in it, else English."""
    return language if language in LANGUAGES else _FALLBACK_LANGUAGE


def read_words(*folder: str, language: str) -> dict[str, Any]:
    """What the file of `language` in `folder` says, which is below this package."""
    source = files(_PACKAGE).joinpath(*folder, f"{language}.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def unfold(text: str) -> str:
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
