"""Explains what waits for people who carry warnings: calls and letters."""

from __future__ import annotations

from collections.abc import Iterator

from baken.core.waiting_by_hand import WaitingByHand
from baken.explaining.words import Words


def waiting_lines(waiting: WaitingByHand, words: Words) -> Iterator[str]:
    """A sentence for each list in which something waits, with the command for it."""
    if waiting.calls:
        yield words.say("by_hand.calls", calls=words.counted("call", waiting.calls))
    if waiting.letters:
        yield words.say("by_hand.letters", letters=words.counted("letter", waiting.letters))
    if waiting.unposted:
        yield words.say("by_hand.unposted", letters=words.counted("letter", waiting.unposted))
