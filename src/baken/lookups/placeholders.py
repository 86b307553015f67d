"""What stands where a contact should be: words, mailboxes and domains that are no contact.

The list is data: `placeholders.toml`. Every lookup asks here before it calls a text a route.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from baken.core.lookup import Refusal
from baken.core.text import one_line

_LONGEST_LOOKED_AT: Final = 2_000
"""A placeholder is a short sentence: what stands behind so many characters is not looked at."""


@dataclass(frozen=True, slots=True)
class _Forms:
    """The forms of one reason, each in lower case."""

    why: Refusal
    whole: frozenset[str]
    holds: tuple[str, ...]
    mailboxes: frozenset[str]


def refusal_of(text: str) -> Refusal | None:
    """Why `text` is no contact, or None where nothing speaks against it.

    `text` is what stands in the place of a name, a mail address, a telephone number or a line of
    a postal address. An empty text is a placeholder too. Whether it has the form of an address is
    another question.
    """
    line = one_line(text[:_LONGEST_LOOKED_AT]).lower()
    plain = line.strip(" \"'<>[]()*")
    if not plain:
        return Refusal.PLACEHOLDER
    for forms in _FORMS:
        if plain in forms.whole or any(part in line for part in forms.holds):
            return forms.why
    mailbox, at, domain = plain.rpartition("@")
    return _refusal_of_mailbox(mailbox, domain) if at else None


def refusal_of_domain(domain: str) -> Refusal | None:
    """Why a mail address below `domain` is no contact, or None where nothing speaks against it."""
    labels = domain.lower().strip(".").split(".")
    for start in range(len(labels)):
        why = _DOMAINS.get(".".join(labels[start:]))
        if why is not None:
            return why
    return None


def _refusal_of_mailbox(mailbox: str, domain: str) -> Refusal | None:
    why = refusal_of_domain(domain)
    if why is not None:
        return why
    mailbox = mailbox.removeprefix("mailto:").partition("+")[0]
    return next((forms.why for forms in _FORMS if mailbox in forms.mailboxes), None)


def _table() -> dict[str, dict[str, list[str]]]:
    text = (files("baken.lookups") / "placeholders.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _read_forms(table: dict[str, dict[str, list[str]]]) -> Iterable[_Forms]:
    for why, forms in table.items():
        yield _Forms(
            Refusal(why),
            frozenset(forms["whole"]),
            tuple(forms["holds"]),
            frozenset(forms["mailboxes"]),
        )


def _read_domains(table: dict[str, dict[str, list[str]]]) -> Iterator[tuple[str, Refusal]]:
    for why, forms in table.items():
        for domain in forms["domains"]:
            yield domain, Refusal(why)


_TABLE: Final = _table()
_FORMS: Final = tuple(_read_forms(_TABLE))
_DOMAINS: Final = MappingProxyType(dict(_read_domains(_TABLE)))
