"""Whoever did not sign up reads where we got the address, in words."""

from __future__ import annotations

import pytest

from baken.advice import LANGUAGES, route_source
from baken.lookups import LOOKUPS

ALSO = ("import", "analyst", "registrant-request")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", [*LOOKUPS, *ALSO])
def test_every_source_of_an_address_has_words(key: str, language: str) -> None:
    said = route_source(key, language=language)
    assert said != key
    assert said == said.strip()
    assert not said.endswith(".")


def test_a_source_that_nobody_worded_is_called_by_its_key() -> None:
    assert route_source("made-up-book", language="nl") == "made-up-book"
