"""Text made fit to keep: trimmed, without control characters, cut; only where it is not so yet.

Nearly all values are tidy as they come. To see that costs a fraction of making them so, hence each
step here looks at the columns first and leaves alone those with nothing to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Text:
    """Columns of text, without nulls.

    Many columns of a report say one thing in all rows: `constant` tells which, and what. Whatever
    is worked out of those is worked out once. And as each query costs the same for one row as for
    a thousand, as many columns as can be are asked about in one.
    """

    columns: pl.DataFrame
    constant: Mapping[str, str]

    @classmethod
    def of(cls, columns: pl.DataFrame) -> Text:
        """`columns` looked through."""
        return cls(columns=columns, constant=_constant(columns))

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.columns.height

    def filter(self, is_kept: pl.Series) -> Text:
        """The rows for which `is_kept` is true."""
        return Text.of(self.columns.filter(is_kept))

    def select(self, names: Sequence[str]) -> Text:
        """The columns called `names`, of which each is taken once."""
        wanted = list(dict.fromkeys(names))
        constant = {name: self.constant[name] for name in wanted if name in self.constant}
        columns = [self.columns[name] for name in wanted]
        frame = pl.DataFrame(columns) if columns else pl.DataFrame(height=self.height)
        return Text(columns=frame, constant=constant)

    def work_out(self, wanted: Mapping[str, pl.Expr]) -> dict[str, pl.Series]:
        """What comes of each expression; none may look at more than one row at a time."""
        once = [
            expression.alias(name)
            for name, expression in wanted.items()
            if self.constant.keys() >= set(expression.meta.root_names())
        ]
        found = self.columns.head(1).select_seq(once).to_dict() if once else {}
        found = {name: one.new_from_index(0, self.height) for name, one in found.items()}
        each = [expression.alias(name) for name, expression in wanted.items() if name not in found]
        return {**found, **self.columns.select_seq(each).to_dict()} if each else found

    def trimmed(self, *, is_printable: bool) -> Text:
        """Without white space around the values.

        `is_printable` says that there is nothing but printable ASCII, and so no white space but
        " ".
        """
        if not is_printable:
            return Text.of(self.columns.with_columns_seq(pl.all().str.strip_chars()))
        padded = [name for name, value in self.constant.items() if value != value.strip(" ")]
        varied = pl.col([name for name in self.columns.columns if name not in self.constant])
        padded += self._where((varied.str.starts_with(" ") | varied.str.ends_with(" ")).any())
        return self._changed(padded, pl.col(padded).str.strip_chars())

    def without_controls(self) -> Text:
        """With a space for each control character, and none of them around a value."""
        dirty = self._where(pl.all().str.contains(_CONTROLS).any())
        spaced = pl.col(dirty).str.replace_all(_CONTROLS, " ").str.strip_chars()
        return self._changed(dirty, spaced)

    def cut(self, *, max_characters: int = MAX_CHARACTERS) -> Text:
        """With no value longer than `max_characters`; for text that is tidy otherwise."""
        long = self._where(pl.all().str.len_bytes().max() > max_characters)
        shortened = pl.col(long).str.head(max_characters).str.strip_chars_end()
        return self._changed(long, shortened)

    def _where(self, condition: pl.Expr) -> list[str]:
        """The columns of which `condition`, one value a column, is true."""
        if self.columns.width == 0:
            return []
        found = self.columns.select_seq(condition)
        return [column.name for column in found.iter_columns() if column.item()]

    def _changed(self, names: Sequence[str], expression: pl.Expr) -> Text:
        return Text.of(self.columns.with_columns_seq(expression)) if names else self


def _constant(columns: pl.DataFrame) -> dict[str, str]:
    """The columns whose values are all the same, and that value."""
    if columns.height == 0:
        return {}
    middle = columns.height // 2
    # Two looks settle it for most of the others.
    likely = {
        column.name: column[0]
        for column in columns.iter_columns()
        if column[0] == column[middle] == column[-1]
    }
    if not likely:
        return {}
    found = columns.select_seq((pl.col(name) == value).all() for name, value in likely.items())
    return {name: value for name, value in likely.items() if found[name].item()}
