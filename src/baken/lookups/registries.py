"""What registries are called, and what they call an assignment and an allocation.

The words are data: `registries.toml`.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from baken.core.lookup import NetworkStanding
from baken.core.text import one_line

_LONGEST_LOOKED_AT: Final = 100


def standing_of(words: str) -> NetworkStanding:
    """How a network is held whose status or type is `words`, as any registry writes it.

    What is not in the list is told by its first word, so that a new "ASSIGNED …" is understood.
    """
    plain = one_line(words[:_LONGEST_LOOKED_AT]).lower()
    known = _STANDINGS.get(plain)
    if known is not None:
        return known
    if plain.startswith(("assign", "reassign", "re-assign")):
        return NetworkStanding.ASSIGNMENT
    if plain.startswith(("alloc", "realloc", "re-alloc", "sub-alloc")):
        return NetworkStanding.ALLOCATION
    return NetworkStanding.UNSAID


def registry_of(host: str) -> str:
    """The name in handles of the registry whose server `host` is; empty for another's."""
    labels = host.lower().rstrip(".").split(".")
    for start in range(len(labels)):
        name = _REGISTRIES.get(".".join(labels[start:]))
        if name is not None:
            return name
    return ""


def is_block_of_registry(label: str) -> bool:
    """Whether a network of the short name `label` only fills a registry's database up."""
    return label.lower().startswith(_BLOCKS)


def country_of(text: str) -> str:
    """The code (ISO 3166-1) of the country that `text` is, as a code or in English, or empty."""
    plain = one_line(text[:_LONGEST_LOOKED_AT]).lower()
    if len(plain) == 2 and plain.isascii() and plain.isalpha() and plain not in _NO_COUNTRY:
        return plain.upper()
    return _COUNTRIES.get(plain, "")


def _table() -> dict[str, Any]:
    text = (files("baken.lookups") / "registries.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


_TABLE: Final = _table()
_STANDINGS: Final = MappingProxyType(
    {
        words: NetworkStanding(standing)
        for standing, listed in _TABLE["standing"].items()
        for words in listed
    }
)
_REGISTRIES: Final = MappingProxyType[str, str](_TABLE["registries"])
_BLOCKS: Final = tuple[str, ...](_TABLE["blocks"]["labels"])
_NO_COUNTRY: Final = frozenset({"uk", "zz", "xx", "eu", "ap"})
"""Regions and fillers that stand where a country should, and what ISO 3166-1 calls otherwise."""
_COUNTRIES: Final = MappingProxyType[str, str](_TABLE["countries"])
