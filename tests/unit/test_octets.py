"""Bytes counted and searched, against the same done one character at a time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from baken.feeds.octets import count_octet, has_control_characters


def is_control(character: str) -> bool:
    code = ord(character)
    hidden = [(0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x2069), (0xFEFF, 0xFEFF)]
    return code < 32 or 127 <= code < 160 or any(low <= code <= high for low, high in hidden)


def has_controls(text: str) -> bool:
    return has_control_characters(text.encode(), line_ends=text.count("\n"))


@given(data=st.binary(max_size=2000))
def test_a_byte_is_counted(data: bytes) -> None:
    assert count_octet(data, b"\n") == data.count(b"\n")


def test_a_byte_is_counted_in_a_text_of_many_windows() -> None:
    data = b"ab,\n" * 300_000

    assert count_octet(data, b",") == 300_000


@given(text=st.text(max_size=50))
def test_a_control_character_is_seen_whatever_stands_beside_it(text: str) -> None:
    assert has_controls(text) == any(is_control(one) for one in text if one != "\n")


def test_each_character_is_a_control_or_not() -> None:
    characters = [chr(code) for code in range(0x20, 0x3000)] + ["\ufeff"]

    assert [one for one in characters if has_controls(f"é\n{one}")] == [
        one for one in characters if is_control(one)
    ]


def test_a_control_character_far_into_the_text_is_seen() -> None:
    assert not has_controls("plain text\n" * 100_000)
    assert has_controls("plain text\n" * 100_000 + "\t")
    assert has_controls("plain text\n" * 100_000 + "é\x7f")
