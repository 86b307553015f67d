"""What waits for the people who carry warnings; a value that needs no database to be worded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WaitingByHand:
    """What waits for people: how many calls and letters."""

    calls: int
    letters: int
    """Those that are not printed yet."""
    unposted: int
    """Those that are printed, and of which nobody recorded that they were posted or came back."""
