"""Reads what discovery keeps: the door for reading; nobody reaches past it."""

from __future__ import annotations

from baken.discovery.answers import answers_about, answers_by_lookup, kept_answers
from baken.discovery.organisations import OwnedSystem, owned_systems
from baken.discovery.sought_systems import (
    Decided,
    decided_systems,
    decisions_about,
    sought_of,
    states_under,
)

__all__ = [
    "Decided",
    "OwnedSystem",
    "answers_about",
    "answers_by_lookup",
    "decided_systems",
    "decisions_about",
    "kept_answers",
    "owned_systems",
    "sought_of",
    "states_under",
]
