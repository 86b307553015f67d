"""The settings of what people carry: calls."""

from __future__ import annotations

from dataclasses import dataclass

from baken.settings import shapes
from baken.settings.declaration import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """What callers need, and how much they can do."""

    published_number: str = setting(
        "BAKEN_PUBLISHED_NUMBER",
        shapes.line_of_text("a telephone number"),
        default="",
        example="+31 70 000 0000",
        meaning="The number that people find on your website: who is called checks the call by "
        "calling it back. Without it nobody is told by phone.",
    )
    calls_per_day: int = setting(
        "BAKEN_CALLS_PER_DAY",
        shapes.COUNT,
        default=40,
        example="40",
        meaning="How many calls your people can make a day. What goes beyond it is mailed at once, "
        "where there is a mail address; the rest stands in the list of calls, gravest first.",
    )
