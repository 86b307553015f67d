"""Reads a body up to a limit, packed and unpacked, whatever the server says of its size."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Final

from baken.outside.fetching import FetchError, FetchFailure

ACCEPTED_ENCODING: Final = "gzip"
"""What we ask for: one coding, whose unpacking can be stopped at any byte."""

_GZIP: Final = 16 + zlib.MAX_WBITS
_PLAIN: Final = frozenset({"", "identity"})
_GZIPPED: Final = frozenset({"gzip", "x-gzip"})


def read_body(chunks: Iterable[bytes], *, encoding: str, largest: int, host: str) -> bytes:
    """The bytes of `chunks`, unpacked from the content coding `encoding` (RFC 9110, 8.4).

    Raises `FetchError` when they are more than `largest`, packed or unpacked, or are not packed as
    the server said. A list of codings, one in the other, is refused.
    """
    coding = encoding.strip().lower()
    if coding in _PLAIN:
        return b"".join(_limited(chunks, largest=largest, host=host))
    if coding in _GZIPPED:
        return _unzipped(_limited(chunks, largest=largest, host=host), largest=largest, host=host)
    raise FetchError(
        FetchFailure.BAD_ANSWER, f"The answer of {host} is packed in a way that we do not read."
    )


def _limited(chunks: Iterable[bytes], *, largest: int, host: str) -> Iterable[bytes]:
    left = largest
    for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            raise too_large(host)
        yield chunk


def _unzipped(chunks: Iterable[bytes], *, largest: int, host: str) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    body = bytearray()
    try:
        for chunk in chunks:
            # One byte more than is allowed tells a body of the largest size from a larger one.
            body += unpacker.decompress(chunk, largest + 1 - len(body))
            if len(body) > largest:
                raise too_large(host)
    except zlib.error:
        raise _not_packed(host) from None
    if not unpacker.eof or unpacker.unused_data:
        raise _not_packed(host)
    return bytes(body)


def too_large(host: str) -> FetchError:
    """The error of an answer over the limit."""
    return FetchError(FetchFailure.TOO_LARGE, f"The answer of {host} is too large.")


def _not_packed(host: str) -> FetchError:
    return FetchError(
        FetchFailure.BAD_ANSWER, f"The answer of {host} is not packed as it says, or broke off."
    )
