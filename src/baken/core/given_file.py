"""Files that others gave us to look things up in, with the permission to use them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class GivenFileKind(StrEnum):
    """What such a file holds."""

    SPLIT_FILE = "split-file"
    """Objects of a regional registry's database: RPSL, or ARIN's bulk form."""
    DELEGATED = "delegated"
    """Statistics of a regional registry: who was delegated what (delegated-extended)."""
    CSIRT_CONSTITUENCIES = "csirt-constituencies"
    """Whom other CSIRTs warn, by Cerebrate's template."""
    REGISTER_EXTRACT = "register-extract"
    """An extract of a register of organisations: name, postal address, telephone."""
    SHARED_HOSTING = "shared-hosting"
    """Who gives others names below its own, or machines in its network."""
    RDAP_BOOTSTRAP = "rdap-bootstrap"
    """IANA's list of which registry answers for what (RFC 9224)."""
    OPENPGP_KEYS = "openpgp-keys"
    """Public OpenPGP keys of organisations, each checked with its owner before it was needed."""


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that cannot be read, so that it says nothing."""

    line: int
    """In the file, from 1."""
    why: str
    """In one plain English sentence, without what stands in the row."""


@dataclass(frozen=True, slots=True)
class FileContents:
    """What a given file holds, as it is told to who gives it."""

    entries: int
    skipped: int
    """Rows that cannot be read."""
    first_skipped: tuple[SkippedRow, ...]


@dataclass(frozen=True, slots=True)
class GivenFile:
    """One of them, as it lies on disk."""

    kind: GivenFileKind
    path: Path
    name: str
    """What it is called where an answer says its source."""
    given_at: datetime
    valid_until: datetime
    """Until when what it says may be used."""
    permission: str
    """By whose word, and for what, we may use it."""
