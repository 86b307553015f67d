"""The two secrets of the ledger: the key of the links for answers, and the salt of addresses.

They are made when first needed and stand in the database, beside what they protect. A backup then
holds both or neither: links in mails that went out go on working, and who asked us to stop stays
left alone, on whatever machine the database is restored. Whoever reads the database can make links;
but has the whole ledger anyway.
"""

from __future__ import annotations

import secrets
from typing import Final

from baken.outbox.models import LedgerSecret

_BYTES: Final = 32


def answer_key() -> bytes:
    """The key that signs the links by which recipients answer."""
    return bytes.fromhex(_secret().answer_key)


def address_salt() -> str:
    """What is put before an address before it is hashed, so that nobody can hash lists of known
    addresses beforehand and look up which of them asked us to stop."""
    return _secret().address_salt


def _secret() -> LedgerSecret:
    found = LedgerSecret.objects.first()
    if found is None:
        made = LedgerSecret(
            answer_key=secrets.token_hex(_BYTES), address_salt=secrets.token_hex(_BYTES)
        )
        LedgerSecret.objects.bulk_create([made], ignore_conflicts=True)
        found = LedgerSecret.objects.get()
    return found
