"""An extract of a register is recorded, told about, and leads to a telephone and an address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from baken import lookups
from baken.core.classification import Tlp
from baken.core.given_file import GivenFile
from baken.core.lookup import (
    Basis,
    FoundChannel,
    FoundRoute,
    Holder,
    LookupAnswer,
    NetworkStanding,
    Outcome,
    Subject,
    SubjectKind,
)
from baken.core.routes import Scope
from baken.discovery.models import GivenFileRecord
from baken.jobs.discovery import discover
from baken.lookups import LOOKUPS, LookupKind
from baken.outside import Outside
from baken.settings.environment import Settings
from small_world import Command, Ingest, release_threat, report_text

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = "number,country,name,legal_form,address,phone"


class Registry:
    """Knows the name of who holds an address, and the ways that it is given."""

    def __init__(self, *routes: FoundRoute) -> None:
        self.routes = routes

    def ask(
        self, subjects: Sequence[Subject], *, outside: Outside, now: datetime
    ) -> Sequence[LookupAnswer]:
        del outside  # it asks nobody
        standing = NetworkStanding.ASSIGNMENT
        return [
            LookupAnswer(
                "registry", subject, Outcome.FOUND, "the registry", now, now + timedelta(days=1),
                routes=self.routes,
                holders=(Holder("EX:1", "Bakkerij Voorbeeld B.V.", "203.0.113.8/29", standing),),
            )
            for subject in subjects
        ]  # fmt: skip


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry, and what looks into the given files; nothing else is asked."""
    registry = Registry()

    def opened(_files: Sequence[GivenFile]) -> Registry:
        return registry

    kind = LookupKind("registry", SubjectKind.ADDRESS, opened)
    given = (LOOKUPS["register-extract"], LOOKUPS["shared-hosting-address"])
    monkeypatch.setattr(
        lookups, "LOOKUPS", MappingProxyType({one.key: one for one in (kind, *given)})
    )
    return registry


def given(baken: Command, path: Path, *rows: str) -> str:
    path.write_text("\n".join([HEADER, *rows]))
    done = baken(
        "given-file", "add", "register-extract", str(path), "--name", "chamber",
        "--permission", "contract", "--by", "one of us", "--until", "2099-12-31",
    )  # fmt: skip
    assert done.exit_code == 0, done.err
    return str(done.out)


def test_the_holder_s_name_leads_to_telephone_and_letter(
    ingest: Ingest, sending: Settings, baken: Command, tmp_path: Path
) -> None:
    said = given(
        baken, tmp_path / "extract.csv",
        "12345678,NL,BAKKERIJ VOORBEELD BV,,Markt 1|1234 AB Voorbeeldstad,020 794 0001",
        ",NL,Zonder nummer B.V.,,,",
    )  # fmt: skip
    assert "It holds 1 that can be read, and 1 row that cannot." in said
    assert "line 3: Its number is empty." in said
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    found = discover("worm", settings=sending, progress=lambda *_: None)
    assert dict(found.states) == {"owner": 1}
    told = baken("explain", "203.0.113.9").out
    assert "+31207940001" in told
    assert "1234 AB Voorbeeldstad" in told


def test_two_of_one_name_are_told_apart_by_nobody_and_explain_says_so(
    ingest: Ingest, sending: Settings, baken: Command, tmp_path: Path
) -> None:
    given(
        baken, tmp_path / "extract.csv",
        "12345678,NL,Bakkerij Voorbeeld BV,,Markt 1|1234 AB Voorbeeldstad,020 794 0001",
        "12345679,NL,Bakkerij Voorbeeld B.V.,,Markt 2|1234 AB Voorbeeldstad,020 794 0002",
    )  # fmt: skip
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    found = discover("worm", settings=sending, progress=lambda *_: None)
    assert dict(found.states) == {"nobody": 1}
    assert "several organisations in the register" in baken("explain", "203.0.113.9").out
    assert (
        "meerdere organisaties in het register"
        in baken("explain", "203.0.113.9", "--language", "nl").out
    )


def test_a_file_that_is_no_register_is_not_recorded(baken: Command, tmp_path: Path) -> None:
    path = tmp_path / "extract.csv"
    path.write_text("name;phone\nVoorbeeld;1")
    done = baken(
        "given-file", "add", "register-extract", str(path), "--name", "chamber",
        "--permission", "contract", "--by", "one of us", "--until", "2099-12-31",
    )  # fmt: skip
    assert done.exit_code != 0
    assert not GivenFileRecord.objects.exists()


def test_who_gives_room_to_others_is_only_asked_to_pass_on_and_explain_says_why(
    ingest: Ingest, sending: Settings, baken: Command, tmp_path: Path, registry: Registry
) -> None:
    registry.routes = (
        FoundRoute(FoundChannel.MAIL, "noc@room.example", Scope.OWNER, Basis.ASSIGNMENT_HOLDER, 80),
    )
    ingest(report_text("203.0.113.9"))
    release_threat("worm", tlp=Tlp.GREEN)
    assert dict(discover("worm", settings=sending, progress=lambda *_: None).states) == {"owner": 1}
    path = tmp_path / "hosting.tsv"
    path.write_text("what\tprovider\treport\n203.0.113.8/29\tRoom\tabuse@room.example\n")
    done = baken(
        "given-file", "add", "shared-hosting", str(path), "--name", "hosting",
        "--permission", "our own list", "--by", "one of us", "--until", "2099-12-31",
    )  # fmt: skip
    assert "It holds 1 that can be read" in done.out
    states = discover("worm", settings=sending, progress=lambda *_: None).states
    assert dict(states) == {"operator": 1}
    told = baken("explain", "203.0.113.9").out
    assert "Not taken for the owner: 203.0.113.9 is of Room" in told
    assert "To be asked to pass on: mail abuse@room.example" in told
    dutch = baken("explain", "203.0.113.9", "--language", "nl").out
    assert "Niet voor de eigenaar gehouden: 203.0.113.9 is van Room" in dutch
