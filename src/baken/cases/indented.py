"""Indents a piece of SQL that goes into another."""

from __future__ import annotations


def indented(text: str, *, by: int = 4) -> str:
    """`text` with each line `by` spaces further in."""
    return "\n".join(f"{' ' * by}{line}" for line in text.splitlines())
