"""Every engine finds the same unknown systems, and those that a slow, obvious loop finds."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from baken.cases.looking_back import look_back
from baken.cases.stored_work import CountWhoIsSeen, Source, Store
from baken.cases.unknown_columns import group_systems
from baken.cases.unknown_systems import FoundUnknown, find_unknown
from baken.cases.unknown_work import FindUnknown
from baken.core.classification import AddressRole, Tlp
from baken.core.observation import COUNTRY, OBSERVATION_SCHEMA, AffectedRole
from baken.core.selection import Selection
from baken.core.unknown_system import GroupBy, UnknownSystem, read_unknown_systems
from baken.matching import Engine
from baken.matching.array_matcher import ArrayMatcher
from baken.matching.asset_index import build_index
from baken.matching.local_engine import LocalEngine
from baken.specimen.nation import NOW, found_nation, observe_nation
from baken.store import S3Access, open_store

NATION = found_nation(assets=3_000, seed=3)
MATCHER = ArrayMatcher(build_index(NATION.assets, as_of=NOW))
SHARES = {"ipv4": 0.6, "ipv6": 0.2, "host_name": 0.5, "email_domain": 0.2, "asn": 0.9}
ROWS = 1_500


@pytest.fixture(params=["local", "spark"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "local":
        return LocalEngine(MATCHER)
    make: Callable[[pa.Table], Engine] = request.getfixturevalue("make_spark_matcher")
    return make(NATION.assets)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store((tmp_path / "store").as_uri(), S3Access(), "0" * 8)


def observe(*, seed: int) -> pa.RecordBatch:
    """Observations of every role, label and kind, of few systems, each seen several times."""
    chance = random.Random(seed)
    rows = observe_nation(NATION, rows=ROWS, shares=SHARES, seed=7).to_pylist()
    for row in rows:
        if row["ipv4"] is None and row["ipv6_high"] is None and row["host_name"] is None:
            row["host_name"] = f"nameless-{chance.randrange(9)}.example"
        row["finding_kind"] = chance.choice(["open-rdp", "compromised-website"])
        row["affected_role"] = chance.choice(list(AffectedRole)).value
        row["address_role"] = chance.choices(list(AddressRole), [9, 9, 9, 1, 1])[0].value
        row["tlp"] = chance.choices(list(Tlp), [3, 3, 9, 3, 2])[0].value
        row["severity"] = chance.randrange(5)
        row["transport"] = chance.choice(["tcp", None])
        row["cves"] = chance.sample(["CVE-2026-0001", "CVE-2026-0002"], chance.randrange(3))
        row["hinted_name"] = chance.choice(["ptr.example.net", None])
        row["hint_origin"] = row["hinted_name"] and "reverse-lookup"
        row["url"] = chance.choice([None, "https://a:b@WWW.example.nl:8443/x", "ftp://[::1]/", "?"])
        row["evidence"] = chance.choice([[], [(COUNTRY, "NL")], [("a", "b"), (COUNTRY, "nowhere")]])
        row["observed_at"] = row["observed_at"].replace(microsecond=chance.randrange(1_000_000))
    chance.shuffle(rows)
    return pa.RecordBatch.from_pylist(rows, OBSERVATION_SCHEMA)


def write(store: Store, observed: list[pa.RecordBatch]) -> list[Source]:
    """Reports in the store, as the files that a database would list."""
    place = open_store(store.url, s3=store.s3, owner=store.owner)
    files: list[Source] = []
    for batch, rows in enumerate(observed, start=1):
        content = f"{batch:064x}"
        with place.writer(feed="shadowserver", content_sha256=content, batch=batch) as writer:
            writer.write(rows)
            files += [
                Source(file.path, file.size_bytes, file.sha256, batch, file.finding_kinds)
                for file in writer.finish()
            ]
    return files


@dataclass
class Seen:
    """What the slow way gathers about one system."""

    times: list[datetime] = field(default_factory=list)
    cves: set[str] = field(default_factory=set)
    operators: set[int] = field(default_factory=set)
    severity: int = 0
    strictest: int = 0


def slowly(observed: list[pa.RecordBatch]) -> tuple[dict[str, int], dict[Any, Seen]]:
    """Counts of rows, and by kind, system and whether it is TLP:RED what was seen; row by row."""
    counts = dict.fromkeys(("owned", "unknown", "attacker", "role_unknown", "red"), 0)
    found: dict[Any, Seen] = {}
    for batch in observed:
        matches = MATCHER.match(batch).to_pylist()
        owned = {one["row"] for one in matches if one["relation"] == "owner"}
        for place, row in enumerate(batch.to_pylist()):
            is_red = row["tlp"] == Tlp.RED
            what = what_becomes(row, is_owned=place in owned)
            counts[what] += 1
            if what not in ("unknown", "red"):
                continue
            seen = found.setdefault((row["finding_kind"], system_of(row), is_red), Seen())
            seen.times.append(row["observed_at"])
            seen.cves |= set(row["cves"])
            seen.operators |= {one["organisation_id"] for one in matches if one["row"] == place}
            seen.severity = max(seen.severity, row["severity"])
            seen.strictest = max(seen.strictest, Tlp(row["tlp"]).rank)
    return counts, found


def what_becomes(row: dict[str, Any], *, is_owned: bool) -> str:
    if is_owned:
        return "owned"
    if row["address_role"] == AddressRole.ATTACKER_CONTROLLED:
        return "attacker"
    if row["address_role"] == AddressRole.UNKNOWN:
        return "role_unknown"
    return "red" if row["tlp"] == Tlp.RED else "unknown"


def system_of(row: dict[str, Any]) -> str:
    """As docs and cases name it, of accounts the mail domain."""
    address = address_of(row)
    name, domain = row["host_name"], row["email_domain"]
    match row["affected_role"]:
        case AffectedRole.ACCOUNT if domain:
            return str(domain)
        case AffectedRole.SITE | AffectedRole.ORGANISATION if name:
            return str(name)
        case AffectedRole.SERVICE if address and row["port"]:
            shown = f"[{address}]" if ":" in address else address
            over = f"/{row['transport']}" if row["transport"] else ""
            return f"{shown}:{row['port']}{over}"
    return str(address or name or domain)


def address_of(row: dict[str, Any]) -> str:
    if row["ipv4"] is not None:
        return str(ip_address(row["ipv4"]))
    if row["ipv6_high"] is not None:
        return str(ip_address(row["ipv6_high"] << 64 | row["ipv6_low"]))
    return ""


def find(store: Store, sources: list[Source], engine: Engine) -> FoundUnknown:
    work = FindUnknown(store, Selection())
    return find_unknown(sources, work, engine=engine, progress=lambda _: None)


def test_the_systems_are_those_that_a_slow_loop_finds(engine: Engine, store: Store) -> None:
    observed = [observe(seed=seed) for seed in range(3)]
    counts, expected = slowly(observed)
    found = find(store, write(store, observed), engine)
    assert {name: getattr(found.rows, name) for name in counts} == counts
    assert found.rows.selected == 3 * ROWS
    assert min(counts.values()) > 0, "each kind of row is there"
    listed = dict(keyed(found))
    assert listed.keys() == expected.keys()
    for key, system in listed.items():
        seen = expected[key]
        assert system.sightings == len(seen.times)
        assert (system.first_seen_at, system.last_seen_at) == (min(seen.times), max(seen.times))
        assert system.cves == tuple(sorted(seen.cves))
        assert system.operators == tuple(sorted(seen.operators))
        assert (system.severity, system.tlp.rank) == (seen.severity, seen.strictest)
        assert system.url_host in ("", "www.example.nl", "[::1]")
        assert system.country in ("", "NL")


def keyed(found: FoundUnknown) -> Iterator[tuple[Any, UnknownSystem]]:
    for is_red, table in ((False, found.systems), (True, found.red)):
        for system in read_unknown_systems(table):
            yield (system.finding_kind, system.system, is_red), system


def test_what_is_red_is_apart_and_taints_nothing_else(engine: Engine, store: Store) -> None:
    observed = [observe(seed=5)]
    found = find(store, write(store, observed), engine)
    assert {system.tlp for system in read_unknown_systems(found.red)} == {Tlp.RED}
    listed = {system.tlp for system in read_unknown_systems(found.systems)}
    assert Tlp.AMBER_STRICT in listed
    assert Tlp.RED not in listed


def test_the_newest_comes_first_and_the_groups_hold_all(engine: Engine, store: Store) -> None:
    observed = [observe(seed=seed) for seed in range(2)]
    found = find(store, write(store, observed), engine)
    times = found.systems["last_seen_at"].to_pylist()
    assert times == sorted(times, reverse=True)
    systems = list(read_unknown_systems(found.systems))
    for by in GroupBy:
        groups = group_systems(found.systems, by).to_pylist()
        assert sum(group["systems"] for group in groups) == len(systems)
        assert sum(group["sightings"] for group in groups) == found.rows.unknown
        counts = [group["systems"] for group in groups]
        assert counts == sorted(counts, reverse=True)
    groups = group_systems(found.systems, GroupBy.NETWORK).to_pylist()
    assert {group["value"] for group in groups} == {one.network or None for one in systems}
    groups = group_systems(found.systems, GroupBy.DOMAIN).to_pylist()
    asked = {group["value"] for group in groups if not group["is_hint"] and group["value"]}
    assert asked == {one.domain for one in systems if one.domain}


def test_looking_back_counts_as_many(engine: Engine, store: Store) -> None:
    sources = write(store, [observe(seed=seed) for seed in range(3)])
    work = CountWhoIsSeen(store, Selection())
    looked = look_back(sources, work, engine=engine, progress=lambda _: None)
    assert looked.systems_unknown == find(store, sources, engine).systems.num_rows


def test_memory_holds_systems_and_not_rows(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was gathered is added up in between, with the same answer."""
    sources = write(store, [observe(seed=seed) for seed in range(4)])
    engine = LocalEngine(MATCHER)
    at_once = find(store, sources, engine)
    monkeypatch.setattr("baken.cases.unknown_systems._SUMMED_AT", 10)
    monkeypatch.setattr("baken.cases.looking_back._SUMMED_AT", 10)
    assert find(store, sources, engine).systems.equals(at_once.systems)
    work = CountWhoIsSeen(store, Selection())
    looked = look_back(sources, work, engine=engine, progress=lambda _: None)
    assert looked.systems_unknown == at_once.systems.num_rows
