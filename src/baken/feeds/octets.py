"""What bytes stand in a large text: counted and searched at the speed of memory.

`bytes.count` and a regular expression look at one byte at a time and hold Python's global lock;
these look at many at once and let other threads work meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

Octets = npt.NDArray[np.uint8]

_WINDOW: Final = 256 * 1024
"""So many bytes are looked at together: they and what is worked out of them stay in the cache."""


def count_octet(data: bytes, octet: bytes) -> int:
    """How often the one byte `octet` stands in `data`."""
    wanted = np.uint8(octet[0])
    return sum(int(np.count_nonzero(window == wanted)) for window in _windows(data))


def has_control_characters(data: bytes, *, line_ends: int) -> bool:
    """Whether the UTF-8 text `data` has control characters besides its `line_ends` times ``\\n``.

    Those are ASCII's and Latin-1's control characters, and those of Unicode that have no width or
    turn text around: U+200B to U+200F, U+2028 to U+202E, U+2060 to U+2069 and U+FEFF.
    """
    # Below zero wraps around: what is less than a space and what is more than "~" is over 94.
    odd = sum(int(np.count_nonzero(window - np.uint8(32) > 94)) for window in _windows(data))
    if odd == line_ends or data.isascii():
        return odd > line_ends
    low = sum(int(np.count_nonzero(window < 32)) for window in _windows(data))
    return low > line_ends or count_octet(data, b"\x7f") > 0 or _has_hidden(data)


def _has_hidden(data: bytes) -> bool:
    """Whether one of the control characters beyond ASCII stands in the UTF-8 text `data`."""
    octets = np.frombuffer(data, np.uint8)
    latin_1 = octets[np.flatnonzero(octets == 0xC2) + 1]
    if (latin_1 < 0xA0).any():
        return True
    general = np.flatnonzero(octets == 0xE2)
    tail = octets[general + 1].astype(np.uint16) << 8 | octets[general + 2]
    ranges = ((0x808B, 0x808F), (0x80A8, 0x80AE), (0x81A0, 0x81A9))
    if any(((tail >= first) & (tail <= last)).any() for first, last in ranges):
        return True
    return b"\xef\xbb\xbf" in data


def _windows(data: bytes) -> Iterator[Octets]:
    octets = np.frombuffer(data, np.uint8)
    for start in range(0, len(octets), _WINDOW):
        yield octets[start : start + _WINDOW]
