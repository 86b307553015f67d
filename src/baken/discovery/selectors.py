"""Reads what discovery keeps: the door for reading; nobody reaches past it."""

from __future__ import annotations

from baken.discovery.answers import answers_about, answers_by_lookup, kept_answers

__all__ = ["answers_about", "answers_by_lookup", "kept_answers"]
