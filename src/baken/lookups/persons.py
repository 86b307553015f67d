"""Telling a private person from an organisation, and a desk's mailbox from a person's.

Least data: a private person is not looked for, and no person's own mailbox is kept where a desk's
is to be had. The words are data: `persons.toml`. Where nothing tells, a name of two to four words
of letters alone counts as a person's: then only the operator is asked, which harms nobody.
"""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import Final

_BETWEEN_WORDS: Final = re.compile(r"[^\w&'’-]+")
_LONGEST_LOOKED_AT: Final = 200


def is_organisations_name(name: str) -> bool:
    """Whether a word in `name` says that it is an organisation, or a desk of one."""
    plain = name[:_LONGEST_LOOKED_AT].lower().replace(".", "").replace("/", "")
    words = [word for word in _BETWEEN_WORDS.split(plain) if word]
    return "&" in name or any(
        word in _ORGANISATION_WORDS and (len(word) > 2 or place == len(words))
        for place, word in enumerate(words, start=1)
    )


def has_form_of_persons_name(name: str) -> bool:
    """Whether `name` could be a person's by its form: two to four words, of letters alone."""
    words = name[:_LONGEST_LOOKED_AT].replace(",", " ").split()
    return (
        2 <= len(words) <= 4
        and all(re.sub(r"[.'’-]", "", word).isalpha() for word in words)
        and not is_organisations_name(name)
    )


def is_said_to_be_private(text: str) -> bool:
    """Whether `text`, a name or the label of a network, says that a private person uses it."""
    plain = _BETWEEN_WORDS.sub(" ", text[:_LONGEST_LOOKED_AT].lower())
    words = " " + plain.replace("-", " ").replace("_", " ")
    return any(f" {known}" in words for known in _PRIVATE_WORDS)


def is_type_of_member(text: str) -> bool:
    """Whether a registry calls an organisation of the type `text` (``org-type``) its member."""
    return text.strip().lower() in _MEMBER_TYPES


def is_desks_mailbox(address: str) -> bool:
    """Whether the mail address `address` is a desk's by its name: ``noc@example.nl``."""
    mailbox = address.rpartition("@")[0].lower().partition("+")[0]
    return mailbox in _DESK_MAILBOXES or any(
        part in _DESK_MAILBOXES for part in re.split(r"[-._]", mailbox)
    )


def is_free_mail(domain: str) -> bool:
    """Whether anybody can get a mailbox at `domain`, so that it says nothing of its holder."""
    return domain.lower().rstrip(".") in _FREE_MAIL


def _table() -> dict[str, list[str]]:
    text = (files("baken.lookups") / "persons.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


_TABLE: Final = _table()
_ORGANISATION_WORDS: Final = frozenset(_TABLE["organisation_words"])
_PRIVATE_WORDS: Final = tuple(_TABLE["private_words"])
_MEMBER_TYPES: Final = frozenset(_TABLE["member_types"])
_DESK_MAILBOXES: Final = frozenset(_TABLE["desk_mailboxes"])
_FREE_MAIL: Final = frozenset(_TABLE["free_mail"])
