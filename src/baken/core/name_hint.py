"""Name hints: host names that say little about whose a system is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class HintOrigin(StrEnum):
    """How the source came by a name that it did not ask for."""

    REVERSE_LOOKUP = "reverse-lookup"
    """Looked up backwards from the address (PTR): its holder writes there what it likes."""
    CERTIFICATE = "certificate"
    """Claimed by the certificate that the system showed."""


@dataclass(frozen=True, slots=True)
class NameHint:
    """A column or evidence key of a report whose names are hints."""

    column: str
    origin: HintOrigin
