"""The code that an operator hands down with one system: made from the key of the ledger, not kept.

The same system always has the same: a message that is sent again, and a reminder, say the same.
The table holds a digest of it, by which it is found again (ADR 0034).
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from baken.outbox.codes import code_of

_PURPOSE: Final = b"baken pass-on code 1\0"


def pass_on_code(
    operator_id: int, occasion_id: int, finding_kind: str, system: str, *, key: bytes
) -> str:
    """The code of this system, as this operator is asked to pass it on; see `codes.new_code`."""
    said = f"{operator_id}\0{occasion_id}\0{finding_kind}\0{system}".encode()
    return code_of(int.from_bytes(hmac.digest(key, _PURPOSE + said, "sha256")))


def digest_of(code: str) -> str:
    """What the table holds of `code`: SHA-256, in hexadecimal."""
    return hashlib.sha256(code.encode()).hexdigest()
