"""What a command prints: lines for people, or one JSON object."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any


def counted(count: int, noun: str) -> str:
    """`count` of what `noun` names, in the singular or in a regular plural."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def say_json(figures: Mapping[str, Any]) -> None:
    """Print `figures` as one JSON object."""
    json.dump(figures, sys.stdout, default=str)
    sys.stdout.write("\n")


def say(text: str = "") -> None:
    """Print one line for people."""
    sys.stdout.write(text + "\n")
