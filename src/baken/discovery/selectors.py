"""Reads what discovery keeps: the door for reading; nobody reaches past it."""

from __future__ import annotations

from baken.discovery.analyst_routes import found_by_analysts
from baken.discovery.answers import answers_about, answers_by_lookup, kept_answers
from baken.discovery.central_desks import central_desks
from baken.discovery.given_files import given_files, listed_given_files
from baken.discovery.organisations import OwnedSystem, systems_to_open, systems_waiting
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
    "central_desks",
    "decided_systems",
    "decisions_about",
    "found_by_analysts",
    "given_files",
    "kept_answers",
    "listed_given_files",
    "sought_of",
    "states_under",
    "systems_to_open",
    "systems_waiting",
]
