"""The settings of what people carry: calls and letters."""

from __future__ import annotations

from dataclasses import dataclass

from baken.settings import shapes
from baken.settings.declaration import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """What callers and the printer need, and how much they can do."""

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
    letter_return_address: str = setting(
        "BAKEN_LETTER_RETURN_ADDRESS",
        shapes.line_of_text("the lines of an address, with semicolons between them"),
        default="",
        example="National CSIRT; Postbus 1; 2500 AA Den Haag",
        meaning="Who sends a letter, and where it comes back when nobody takes it. Without it "
        "nobody is told by letter.",
    )
    letters_per_day: int = setting(
        "BAKEN_LETTERS_PER_DAY",
        shapes.COUNT,
        default=100,
        example="100",
        meaning="How many letters are printed a day at most, since each costs postage. The gravest "
        "are printed first; the rest waits in the list of letters.",
    )
