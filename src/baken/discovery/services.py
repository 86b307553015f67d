"""What may be done in discovery: climb the ladder, keep and forget answers. The door of the app."""

from __future__ import annotations

from baken.discovery.answers import forget_old_answers, keep_answers
from baken.discovery.climbing import Climbed, OpenLookup, climb

__all__ = ["Climbed", "OpenLookup", "climb", "forget_old_answers", "keep_answers"]
