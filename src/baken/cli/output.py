"""What a command prints: lines for people, or one JSON object."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from baken.core.language import Language

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
    """Print one line for people."""
    sys.stdout.write(text + "\n")
