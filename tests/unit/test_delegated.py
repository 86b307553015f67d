"""The country of an address out of registries' statistics."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from baken.core.errors import TextRefusedError
from baken.core.given_file import GivenFile, GivenFileKind
from baken.core.identity import identity_of_holder
from baken.core.ladder import Answers
from baken.core.lookup import LookupAnswer, NetworkStanding, Outcome, Subject, SubjectKind
from baken.lookups import LOOKUPS
from baken.outside import Outside
from given_files import GIVEN_AT, given_file

NOW: Final = GIVEN_AT + timedelta(days=2)
KIND: Final = GivenFileKind.DELEGATED


@pytest.fixture
def outside(nobody_outside: Outside) -> Outside:
    return nobody_outside


def answer(files: Sequence[GivenFile], address: str, *, outside: Outside) -> LookupAnswer:
    lookup = LOOKUPS["delegated"].open(files)
    [found] = lookup.ask([Subject(SubjectKind.ADDRESS, address)], outside=outside, now=NOW)
    return found


def test_a_range_that_is_no_prefix_is_held_to_its_last_address(
    tmp_path: Path, outside: Outside
) -> None:
    file = given_file(tmp_path, KIND, "test|NL|ipv4|192.0.2.0|96|20100712|assigned|one\n")
    [holder] = answer([file], "192.0.2.95", outside=outside).holders
    assert (holder.country, holder.handle) == ("NL", "TEST-DELEGATED:one")
    assert (holder.network, holder.name) == ("192.0.2.64/27", "")
    assert answer([file], "192.0.2.96", outside=outside).outcome is Outcome.NONE


def test_it_never_says_that_a_holder_uses_the_addresses(tmp_path: Path, outside: Outside) -> None:
    file = given_file(tmp_path, KIND, "test|NL|ipv4|192.0.2.0|256|20100712|assigned|one\n")
    found = answer([file], "192.0.2.1", outside=outside)
    assert [holder.standing for holder in found.holders] == [NetworkStanding.UNSAID]
    assert not found.routes
    answers = Answers({(found.lookup, found.subject): found})
    assert identity_of_holder(answers) is None


@pytest.mark.parametrize("region", ["", "EU", "AP", "ZZ", "N1"])
def test_a_region_is_no_country(tmp_path: Path, outside: Outside, region: str) -> None:
    line = f"test|{region}|ipv4|192.0.2.0|256|20100712|allocated\n"
    [holder] = answer([given_file(tmp_path, KIND, line)], "192.0.2.1", outside=outside).holders
    assert (holder.country, holder.handle) == ("", "")


def test_the_file_that_was_given_later_counts(tmp_path: Path, outside: Outside) -> None:
    line = "test|{}|ipv4|192.0.2.0|256|20100712|allocated|one\n"
    later = GIVEN_AT + timedelta(days=1)
    files = [
        given_file(tmp_path, KIND, line.format("BE"), name="new", given_at=later),
        given_file(tmp_path, KIND, line.format("NL"), name="old"),
    ]
    [holder] = answer(files, "192.0.2.1", outside=outside).holders
    assert holder.country == "BE"


def test_a_file_whose_permission_has_run_out_is_not_used(tmp_path: Path, outside: Outside) -> None:
    wide = "test|NL|ipv4|192.0.2.0|256|20100712|allocated|one\n"
    narrow = "test|BE|ipv4|192.0.2.0|16|20100712|allocated|two\n"
    files = [
        given_file(tmp_path, KIND, narrow, name="old", days=1),
        given_file(tmp_path, KIND, wide, name="new"),
    ]
    [holder] = answer(files, "192.0.2.1", outside=outside).holders
    assert holder.country == "NL"
    assert answer(files[:1], "192.0.2.1", outside=outside).outcome is Outcome.UNKNOWN


def test_a_file_of_tomorrow_is_not_used_and_says_so(tmp_path: Path, outside: Outside) -> None:
    line = "test|NL|ipv4|192.0.2.0|256|20100712|allocated|one\n"
    early = given_file(tmp_path, KIND, line, name="early", given_at=NOW + timedelta(days=1))
    late = given_file(tmp_path, KIND, line, name="late", days=1)
    found = answer([early], "192.0.2.1", outside=outside)
    assert found.outcome is Outcome.UNKNOWN
    assert found.note == "These given files may not be used yet: early."
    both = answer([early, late], "192.0.2.1", outside=outside)
    assert "has run out: late." in both.note
    assert "not be used yet: early." in both.note


def test_a_file_that_is_cut_short_is_refused_as_a_whole(tmp_path: Path) -> None:
    file = given_file(
        tmp_path, KIND, "test|NL|ipv4|192.0.2.0|256|20100712|allocated|one\n", packed=True
    )
    file.path.write_bytes(file.path.read_bytes()[:-9])
    with pytest.raises(TextRefusedError, match="to its end"):
        LOOKUPS["delegated"].open([file])


REAL: Final = {
    "delegated-ripencc-extended_2013_cut.txt": (3_685, 11),
    "delegated-test.txt": (0, 0),
    "afrinic_head.txt": (0, 0),
    "apnic_head.txt": (0, 2),
    "arin_head.txt": (0, 0),
    "ripencc_head.txt": (0, 3),
}
"""Files as registries write them: how many of their networks have a country, and are nobody's."""


@pytest.mark.parametrize("name", REAL)
def test_every_line_of_a_real_file_is_read_with_its_verdict(
    name: str, shared_data: Path, outside: Outside
) -> None:
    path = shared_data / "delegated" / name
    file = GivenFile(KIND, path, "real", GIVEN_AT, NOW + timedelta(days=9), "Public statistics.")
    lookup = LOOKUPS["delegated"].open([file])
    rows = [[field.strip() for field in line.split("|")] for line in path.read_text().splitlines()]
    rows = [row for row in rows if len(row) > 6 and row[2] in ("ipv4", "ipv6")]
    held = [row for row in rows if row[6] in ("allocated", "assigned")]
    held = [row for row in held if row[1] not in ("EU", "")]
    free = [row for row in rows if row[6] not in ("allocated", "assigned")]
    assert (len(held), len(free)) == REAL[name]
    subjects = [Subject(SubjectKind.ADDRESS, row[3]) for row in held + free]
    found = lookup.ask(subjects, outside=outside, now=NOW)
    assert [one.holders[0].country for one in found[: len(held)]] == [row[1] for row in held]
    assert {one.outcome for one in found[len(held) :]} <= {Outcome.NONE}
    assert not any(one.routes for one in found)
