"""The numbers by which whom to tell is chosen: what ``choosing.toml`` holds."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from baken.core.finding_kinds import Layer
from baken.core.identity import Party
from baken.core.lookup import Basis, FoundChannel


@dataclass(frozen=True, slots=True)
class OfBasis:
    """What to expect of a route by where it comes from."""

    right: float
    """P(it reaches whom it should)."""
    read: float
    """P(a person reads it)."""


@dataclass(frozen=True, slots=True)
class ChoosingNumbers:
    """Who is tried first by what has to change, and what to expect of a route."""

    order: Mapping[Layer, tuple[Party, ...]]
    basis: Mapping[Basis, OfBasis]
    acts: Mapping[Layer, Mapping[Party, float]]
    """P(they can act)."""
    channel: Mapping[FoundChannel, float]


@cache
def choosing_numbers() -> ChoosingNumbers:
    """What the file holds, read once."""
    raw = tomllib.loads(files("baken.core").joinpath("choosing.toml").read_text(encoding="utf-8"))
    return ChoosingNumbers(
        order={
            Layer(layer): tuple(Party(party) for party in parties)
            for layer, parties in raw["order"].items()
        },
        basis={Basis(key): OfBasis(**chances) for key, chances in raw["basis"].items()},
        acts={
            Layer(layer): {Party(party): chance for party, chance in chances.items()}
            for layer, chances in raw["acts"].items()
        },
        channel={FoundChannel(key): chance for key, chance in raw["channel"].items()},
    )
