"""Text made fit to keep: trimmed, without control characters, cut; only where it is not so yet.

Nearly all values are tidy as they come. To see that costs a fraction of making them so, hence each
step here looks at a column first and leaves it alone when there is nothing to do.
"""

from __future__ import annotations

from typing import Final

import polars as pl

MAX_CHARACTERS: Final = 500
"""Of one value of evidence or a product; enough to recognise a banner by."""
MAX_URL_CHARACTERS: Final = 2000

# ASCII's and Latin-1's control characters, and those that hide in text or turn it around;
# `baken.feeds.octets.has_control_characters` looks for the same ones.
_CONTROLS: Final = (
    r"[\x00-\x1f\x7f-\x{9f}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{2069}\x{feff}]"
)


def is_constant(column: pl.Series) -> bool:
    """Whether all values are the same; many columns of a report say one thing."""
    if len(column) == 0:
        return False
    first = column[0]
    # Two looks settle it for most of the others.
    if column[-1] != first or column[len(column) // 2] != first:
        return False
    return bool((column == first).all())


def trimmed(text: pl.DataFrame, *, is_printable: bool) -> pl.DataFrame:
    """`text` without white space around the values.

    `is_printable` says that there is nothing but printable ASCII, and so no white space but " ".
    """
    if not is_printable:
        return text.with_columns(pl.all().str.strip_chars())
    constant = [column.name for column in text.iter_columns() if is_constant(column)]
    padded = [name for name in constant if text[name][0] != text[name][0].strip(" ")]
    at_an_end = pl.all().str.starts_with(" ") | pl.all().str.ends_with(" ")
    padded += _where(at_an_end.any(), text=text.drop(constant))
    return text.with_columns(pl.col(padded).str.strip_chars()) if padded else text


def without_controls(text: pl.DataFrame) -> pl.DataFrame:
    """`text` with a space for each control character, and none of them around a value."""
    dirty = _where(pl.all().str.contains(_CONTROLS).any(), text=text)
    spaced = pl.col(dirty).str.replace_all(_CONTROLS, " ").str.strip_chars()
    return text.with_columns(spaced) if dirty else text


def cut(text: pl.DataFrame, *, max_characters: int = MAX_CHARACTERS) -> pl.DataFrame:
    """The tidy `text` with no value longer than `max_characters`."""
    long = _where(pl.all().str.len_bytes().max() > max_characters, text=text)
    shortened = pl.col(long).str.head(max_characters).str.strip_chars_end()
    return text.with_columns(shortened) if long else text


def _where(condition: pl.Expr, *, text: pl.DataFrame) -> list[str]:
    """The columns of which `condition`, one value a column, is true."""
    if text.width == 0:
        return []
    found = text.select(condition).row(0)
    return [name for name, is_so in zip(text.columns, found, strict=True) if is_so]
