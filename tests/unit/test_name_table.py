"""Names are found by hashes, and a hash alone is never believed."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from baken.matching.name_table import Texts, make_name_table


def found(registered: list[str], seen: list[str], *, first_base: int) -> list[str | None]:
    table, nodes = make_name_table(pa.array(registered, pa.large_string()), first_base=first_base)
    names = dict(zip(nodes.tolist(), registered, strict=True))
    return [names.get(node) for node in table.nodes_of(Texts.from_array(pa.array(seen))).tolist()]


def test_a_name_with_the_hash_of_another_is_not_taken_for_it() -> None:
    # With base 1 a hash is the sum of the bytes: the same letters in another order are as good.
    seen = ["ab.example", "ba.example", "www.ba.example", "a.ab.example"]
    assert found(["ab.example"], seen, first_base=1) == ["ab.example", None, None, "ab.example"]


def test_a_forged_suffix_does_not_hide_the_true_one_above_it() -> None:
    registered = ["ab.example", "x.ab.example"]
    seen = ["a.x.ba.example", "x.ab.example", "xa.b.ab.example"]
    assert found(registered, seen, first_base=1) == [None, "x.ab.example", "ab.example"]


def test_registered_names_with_the_same_hash_are_told_apart() -> None:
    registered = ["ab.example", "ba.example"]
    assert found(registered, ["y.ba.example", "ab.example"], first_base=1) == [
        "ba.example",
        "ab.example",
    ]


def test_names_are_found_in_slices_and_beyond_one_piece_of_text() -> None:
    registered = [f"bedrijf-{number}.example" for number in range(3_000)]
    seen = [f"a{number % 7}.bedrijf-{number % 6_000}.example" for number in range(60_000)]
    table, nodes = make_name_table(pa.array(registered, pa.large_string()))
    answer = table.nodes_of(Texts.from_array(pa.array(seen).slice(11, 50_000)))
    expected = [nodes[k % 6_000] if k % 6_000 < 3_000 else 0 for k in range(11, 50_011)]
    assert np.array_equal(answer, expected)
