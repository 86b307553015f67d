"""What a command prints: lines for people, or one JSON object."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from baken.core.language import Language
from baken.core.text import is_harmful

InLanguage = Annotated[Language, typer.Option("--language", help="The language, nl or en.")]
"""The option of every command whose words come from `baken.explaining`."""


def counted(count: int, noun: str) -> str:
    """`count` of what `noun` names, in the singular or in a regular plural."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def say_json(figures: Mapping[str, Any]) -> None:
    """Print `figures` as one JSON object."""
    json.dump(figures, sys.stdout, default=str)
    sys.stdout.write("\n")


def say_json_with(
    figures: Mapping[str, Any], name: str, many: Iterable[Mapping[str, Any]], *, counted_as: str
) -> None:
    """Print `figures` as one JSON object, with the list `many` as `name` and its length.

    `many` is printed as it comes, however long it is.
    """
    count = 0
    sys.stdout.write(f"{json.dumps(figures, default=str)[:-1]}, {json.dumps(name)}: [")
    for count, one in enumerate(many, start=1):
        sys.stdout.write("" if count == 1 else ", ")
        json.dump(one, sys.stdout, default=str)
    sys.stdout.write(f"], {json.dumps(counted_as)}: {count}}}\n")


def say(text: str = "") -> None:
    """Print one line for people, or several; what could steer a terminal is shown as a code."""
    sys.stdout.write(printable(text) + "\n")


def printable(text: str) -> str:
    """`text` in which what is harmful, but line ends and tabs, stands as a code: ``\\x1b``.

    Names of files may hold anything but a slash: escape sequences, and bytes that are no UTF-8.
    """
    if text.isprintable():
        return text
    return "".join(
        ascii(character)[1:-1] if character not in "\n\t" and is_harmful(character) else character
        for character in text
    )
