"""Text from others is harmless wherever it goes, by one rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baken.core.spreadsheet import guard_formula, is_formula, unguard_formula
from baken.core.text import is_harmful, many_lines, one_line

any_text = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("=+-@＝＠'\t\r\n"))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_what_a_spreadsheet_takes_for_a_formula_is_guarded(start: str) -> None:
    assert guard_formula(f"{start}1") == f"'{start}1"
    assert guard_formula(f"'{start}1") == f"''{start}1"


def test_a_town_keeps_its_apostrophe() -> None:
    assert guard_formula("'s-Hertogenbosch") == "'s-Hertogenbosch"
    assert unguard_formula("'s-Hertogenbosch") == "'s-Hertogenbosch"


@given(any_text)
def test_a_guard_comes_off_again_and_leaves_no_formula(text: str) -> None:
    guarded = guard_formula(text)
    assert unguard_formula(guarded) == text
    assert guarded.startswith("'") or not is_formula(guarded)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\nBcc: b", "a Bcc: b"),
        ("a\u2028b\x85c", "a b c"),
        ("\x1b[31mred", "[31mred"),
        ("gpj\u202eexe", "gpjexe"),
        ("pay\u200bpal\ufeff", "paypal"),
        ("  two   spaces ", "two spaces"),
        ("a\ud800b", "ab"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_one_line_holds_nothing_that_breaks_hides_or_turns(text: str, line: str) -> None:
    assert one_line(text) == line


@given(any_text)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert many_lines(many_lines(text)) == many_lines(text)
    assert one_line(one_line(text, limit=50), limit=50) == one_line(text, limit=50)
    assert len(one_line(text).splitlines()) <= 1
    assert not [character for character in one_line(text) if is_harmful(character)]
