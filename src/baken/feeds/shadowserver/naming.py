"""The names of a row: one that the source asked for, and one that nobody asked for."""

from __future__ import annotations

from typing import Final

import polars as pl

from baken.core.name_hint import HintOrigin, NameHint
from baken.core.observation import NAME_SOURCE
from baken.feeds.shadowserver.columns import ReportColumns
from baken.feeds.shadowserver.names import first_host_name, has_address_as_host, host_names
from baken.feeds.shadowserver.tidying import Text

_SOURCED: Final = "hostname"
"""The column of which `NAME_SOURCE` says where its name comes from."""
_FROM_CERTIFICATE: Final = "(?i)cert"


def row_names(text: Text, *, columns: ReportColumns) -> list[pl.Series]:
    """``host_name``, ``hinted_name`` and ``hint_origin`` of each row; null where there is none."""
    hints = [(hint, text.columns[hint.column]) for hint in columns.parts.hints]
    asked = _asked_name(text, columns=columns)
    if columns.parts.asked and columns.parts.url:
        # Whoever was reached by an address was not asked for a name.
        is_nameless = has_address_as_host(text.columns[columns.parts.url])
        if is_nameless.any():
            asked = _where(~is_nameless, asked)
            hints += [
                (hint, _where(is_nameless, text.columns[hint.column]))
                for hint in columns.parts.asked
            ]
    return [asked.alias("host_name"), *_hinted_name(text, hints)]


def _asked_name(text: Text, *, columns: ReportColumns) -> pl.Series:
    """The first usable name; that in the URL when no column of names has one."""
    candidates = [*columns.parts.names]
    if columns.parts.url and columns.parts.url not in candidates:
        candidates.append(columns.parts.url)
    return first_host_name(
        [text.columns[name] for name in candidates],
        are_urls=[name == columns.parts.url for name in candidates],
        rows=text.height,
    )


def _hinted_name(text: Text, hints: list[tuple[NameHint, pl.Series]]) -> list[pl.Series]:
    """The first usable name among `hints`, and how the source came by it."""
    name = pl.Series([None], dtype=pl.String).new_from_index(0, text.height)
    origin = name
    for hint, values in hints:
        if not name.null_count():
            break
        found = host_names(values)
        if found.null_count() < text.height:
            named = _where(found.is_not_null(), _origins(text, hint))
            both = pl.select(name=pl.coalesce(name, found), origin=pl.coalesce(origin, named))
            name, origin = both["name"], both["origin"]
    return [name.alias("hinted_name"), origin.alias("hint_origin")]


def _origins(text: Text, hint: NameHint) -> pl.Series:
    origin = pl.lit(hint.origin.value)
    if hint.column != _SOURCED or NAME_SOURCE not in text.columns.columns:
        return pl.select(origin).to_series().new_from_index(0, text.height)
    is_certificate = pl.col(NAME_SOURCE).str.contains(_FROM_CERTIFICATE)
    told = pl.when(is_certificate).then(pl.lit(HintOrigin.CERTIFICATE.value)).otherwise(origin)
    return text.work_out({"origin": told})["origin"]


def _where(condition: pl.Series, values: pl.Series) -> pl.Series:
    return pl.select(pl.when(condition).then(values)).to_series()
