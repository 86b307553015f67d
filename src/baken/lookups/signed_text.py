"""Text with a cleartext signature of OpenPGP, and the keys that we knew before.

Only a key that was checked before says anything: one that is fetched from the same host proves no
more than the host does. Source: RFC 9580 section 7.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

import pysequoia
from pysequoia.packet import PacketPile, Tag

from baken.core.errors import TextRefusedError
from baken.core.given_file import GivenFile
from baken.core.text import one_line

_HEADER: Final = re.compile(rb"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\r?$", re.MULTILINE)
_SIGNATURE: Final = re.compile(rb"^-----BEGIN PGP SIGNATURE-----[ \t]*\r?$", re.MULTILINE)
_ARMOR_HEADERS: Final = re.compile(rb"\n(?:[A-Za-z-]{1,40}:[^\n]*\n)*[ \t]*\r?\n")


class Signature(StrEnum):
    """What the signature of a text is worth."""

    NONE = "none"
    UNKNOWN_KEY = "unknown-key"
    """Made with a key that we did not know before, or broken: worth nothing."""
    GOOD = "good"
    BAD = "bad"
    """It names a key that we know, which did not make it."""


@dataclass(frozen=True, slots=True)
class SignedText:
    """What was signed, without its envelope; the whole text where nothing is signed."""

    text: bytes
    signature: Signature
    fingerprint: str = ""
    """Of the key that made a good signature, in upper-case hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class _KnownKey:
    certificate: pysequoia.Cert
    ids: frozenset[str]
    """Fingerprints and key IDs of it and its subkeys, in lower case."""
    valid_until: datetime


class KnownKeys:
    """OpenPGP keys of organisations that were checked before; for any number of threads."""

    def __init__(self, keys: Sequence[_KnownKey] = ()) -> None:
        self._keys = tuple(keys)

    @classmethod
    def of_files(cls, files: Sequence[GivenFile]) -> Self:
        """The keys in `files`, armored or not, any number each.

        Raises `TextRefusedError` for a file that holds no key, or a secret one.
        """
        return cls([key for file in files for key in _read_keys(file)])

    def open_text(self, body: bytes, *, now: datetime) -> SignedText:
        """What of `body` is signed, and by whom as far as the keys that hold at `now` tell."""
        header = _HEADER.search(body)
        if header is None:
            return SignedText(body, Signature.NONE)
        unwrapped = SignedText(_unwrapped(body[header.end() :]), Signature.UNKNOWN_KEY)
        known = [key for key in self._keys if now < key.valid_until]
        return _verified(body[header.start() :], known=known, unwrapped=unwrapped)


def _verified(message: bytes, *, known: Sequence[_KnownKey], unwrapped: SignedText) -> SignedText:
    if not known:
        return unwrapped
    named: list[pysequoia.Cert] = []

    def store(ids: list[str]) -> list[pysequoia.Cert]:
        named.extend(key.certificate for key in known if key.ids.intersection(map(str.lower, ids)))
        return named

    try:
        verified = pysequoia.verify(message, store)
    except Exception:  # pysequoia has no narrower one, and any means that nothing is proven
        return SignedText(unwrapped.text, Signature.BAD) if named else unwrapped
    if not verified.valid_sigs or verified.bytes is None:
        return SignedText(unwrapped.text, Signature.BAD) if named else unwrapped
    fingerprint = str(verified.valid_sigs[0].certificate).upper()
    return SignedText(verified.bytes, Signature.GOOD, fingerprint)


def _unwrapped(rest: bytes) -> bytes:
    """The text after the first line of the envelope, up to the signature, without its escapes."""
    end = _SIGNATURE.search(rest)
    text = rest[: end.start()] if end else rest
    headers = _ARMOR_HEADERS.match(text)
    text = text[headers.end() :] if headers else text
    return re.sub(rb"^- ", b"", text, flags=re.MULTILINE)


def _read_keys(file: GivenFile) -> list[_KnownKey]:
    try:
        content = file.path.read_bytes()
        certificates = pysequoia.Cert.split_bytes(content)
        is_secret = _holds_secret(content)
    except (OSError, RuntimeError) as error:
        reason = one_line(str(error).partition("\n")[0], limit=120).rstrip(".")
        raise _refusal_of(file, f"holds no OpenPGP keys that can be read: {reason}") from error
    if not certificates:
        raise _refusal_of(file, "holds no OpenPGP key")
    if is_secret:
        raise _refusal_of(file, "holds a secret key, which nobody should hand out")
    return [_KnownKey(one, _ids_of(one), file.valid_until) for one in certificates]


def _refusal_of(file: GivenFile, what: str) -> TextRefusedError:
    return TextRefusedError(
        f"{file.name} {what}.",
        remedy="Give a file of public keys, as `gpg --export --armor` writes it.",
    )


def _holds_secret(content: bytes) -> bool:
    # Of several armored blocks, only the first is unpacked here.
    if b"PGP PRIVATE KEY BLOCK" in content:
        return True
    secret = (Tag.SecretKey, Tag.SecretSubkey)
    return any(packet.tag in secret for packet in PacketPile.from_bytes(content))


def _ids_of(certificate: pysequoia.Cert) -> frozenset[str]:
    packets = list(PacketPile.from_bytes(bytes(certificate)))
    found = [text for packet in packets for text in (packet.fingerprint, packet.key_id) if text]
    return frozenset(text.lower() for text in found)
