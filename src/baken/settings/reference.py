"""The reference page of the settings: the source of docs/reference/settings.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from baken.settings.declaration import Variable

_HEAD: Final = """\
# Settings

All settings are environment variables, read once when a command starts. A secret may also come
from a file named by `<NAME>_FILE`, and is never shown. All problems are reported together, and an
unknown `BAKEN_` variable is one of them. `baken doctor` lists what is not at its default. This page
is written from the declarations in `src/baken/settings` (`make docs`).

| variable | meaning | shape | default | example |
|---|---|---|---|---|
"""
_LOG: Final = """
## The log

The log goes to the standard error, one fact a line, with ids and counts and never an address. As
long as all goes well it is silent; with `BAKEN_LOG_LEVEL=info` it says:

| entry | when | with |
|---|---|---|
| `batch.accepted` | a report was taken in | batch, feed, report type, rows matched, unmatched and \
quarantined, cases opened |
| `occasion.released` | the second person released a threat | its key |
| `notification.planned` | planning under one occasion wrote anything | its key, how many \
notifications and cases, how many cases were kept back |
| `delivery.finished` | an attempt has its outcome | delivery, notification, attempt, state |
"""


def settings_page(variables: Iterable[Variable]) -> str:
    """The whole page, as Markdown."""
    return _HEAD + "".join(map(_row, variables)) + _LOG


def _row(variable: Variable) -> str:
    secret = f" It is a secret, and may be in the file that {variable.name}_FILE names."
    cells = (
        f"`{variable.name}`",
        variable.meaning + secret * variable.is_secret,
        variable.shape.text,
        variable.default_text(),
        variable.example,
    )
    return f"| {' | '.join(cells)} |\n"
