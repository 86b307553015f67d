"""The words that people meet are those of docs/glossary.md, which is read here as data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import typer

from baken.cases.models import Case
from baken.cli import app
from baken.constituency.models import Asset, Channel, Contact, Organisation, Route
from baken.constituency.overlaps import OverlapRelation
from baken.core import errors
from baken.core.answers import AnswerKind
from baken.core.classification import AddressRole, Severity, Tlp
from baken.core.errors import About
from baken.core.language import Language
from baken.core.routes import Scope
from baken.core.rules import Rule
from baken.explaining.words import words_in
from baken.matching import MatchRule
from baken.occasions.models import Occasion
from baken.outbox.models import Delivery, Notification, NotifiedCase
from baken.responses.models import CallAttempt, LetterFact
from baken.settings.environment import VARIABLES

REPOSITORY = Path(__file__).parent.parent
GLOSSARY = REPOSITORY / "docs" / "glossary.md"

Row = tuple[str, ...]


def tables() -> dict[str, list[Row]]:
    """By heading, the rows below the header of its tables, each as its cells."""
    found: dict[str, list[Row]] = {}
    heading = ""
    is_body = False
    for line in GLOSSARY.read_text().splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        if not line.startswith("|"):
            is_body = False
        elif line.startswith("|---"):
            is_body = True
        elif is_body:
            cells = tuple(cell.strip() for cell in line.strip("|").split(" | "))
            found.setdefault(heading, []).append(cells)
    return found


TABLES = tables()
NEVER = [row for row in TABLES["Words we never use"] if len(row) == 3]
STAYS = [row[0] for row in TABLES["Words we never use"] if len(row) == 2]
ENTRIES = [
    row for heading, rows in TABLES.items() for row in rows if heading != "Words we never use"
]


def keys_under(heading: str) -> set[str]:
    """What is written as code in the first column of the tables under `heading`."""
    return {key for row in TABLES[heading] for key in re.findall(r"`([^`]+)`", row[0])}


def values(members: Iterable[Enum]) -> set[str]:
    """The stored keys of an enumeration."""
    return {str(member.value) for member in members}


def commands(group: Any, prefix: str = "") -> Iterator[str]:
    """Every command of the command line, with its sub-commands."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}"


STORED: dict[str, set[str]] = {
    "Severity levels": {severity.key for severity in Severity},
    "Roles of an address": values(AddressRole),
    "Relations": values(Case.Relation),
    "Rules of a match": values(MatchRule),
    "Kinds of assets": values(Asset.Kind),
    "How an overlap lies": values(OverlapRelation),
    "Roles of a contact": values(Contact.Role),
    "Scopes of a route": values(Scope),
    "States of a route": values(Route.State),
    "Kinds of occasions": values(Occasion.Kind),
    "States of a case": values(Case.State),
    "Channels": values(Channel),
    "Outcomes of a call": values(CallAttempt.Outcome),
    "States of a call": {"waiting", "later", "claimed", "done"},
    "Why a letter came back": values(LetterFact.Reason),
    "States of a letter": {"waiting", "printed", "sent", "returned"},
    "Answers": values(AnswerKind),
    "Why something is told or not": values(Rule),
    "States of a notification": values(Notification.State),
    "States of a delivery": values(Delivery.State),
    "What a failure is about": values(About),
    "Commands": set(commands(typer.main.get_command(app))),
}
"""What an operator meets, by the heading under which it is explained."""

IN_WORDS = {
    "Severity levels": "severities",
    "Relations": "relations",
    "Roles of a contact": "roles",
    "States of a case": "states.case",
    "States of a notification": "states.notification",
    "States of a delivery": "states.delivery",
    "Channels": "channels",
    "Outcomes of a call": "calls.outcome",
    "Why a letter came back": "letters.reason",
    "States of a letter": "letters.state",
}
"""The headings whose keys `baken explain` puts into words, and where those stand."""


@pytest.mark.parametrize("heading", STORED)
def test_every_value_that_an_operator_meets_is_in_the_glossary_and_no_other(heading: str) -> None:
    assert keys_under(heading) == STORED[heading]


def test_labels_standings_and_reasons_are_in_the_glossary() -> None:
    assert set(Tlp) <= {row[0] for row in TABLES["Traffic Light Protocol 2.0"]}
    assert values(Organisation.Standing) <= keys_under("Whom it concerns")
    assert values(NotifiedCase.Reason) <= keys_under("Why something is told or not")


@pytest.mark.parametrize("row", ENTRIES, ids=[row[0] for row in ENTRIES])
def test_every_entry_has_its_dutch_and_its_meaning(row: Row) -> None:
    assert len(row) == 3
    assert all(row)
    assert row[2].endswith(".")


@pytest.mark.parametrize("heading", IN_WORDS)
def test_the_dutch_of_the_glossary_is_what_is_said(heading: str) -> None:
    said = words_in(Language.NL)
    for word, dutch, _ in TABLES[heading]:
        assert said.name(IN_WORDS[heading], word.strip("`")).startswith(dutch)


def never(*places: str) -> re.Pattern[str]:
    """The words that are never used in `places`, each also in its plural."""
    words = [word for row in NEVER if row[1] in places for word in row[0].split(", ")]
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})s?\b", re.IGNORECASE)


def read_by_people() -> dict[str, str]:
    """What people read, by where it stands, without what is written as code."""
    pages = [
        path
        for path in (*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md"))
        if path != GLOSSARY and path.parent.name != "adr" and path.name != "CHANGELOG.md"
    ]
    texts = {str(path.relative_to(REPOSITORY)): path.read_text() for path in pages}
    texts |= {
        f"error {kind.__name__}": str(kind.__doc__)
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.BakenError)
    }
    texts |= {variable.name: variable.meaning for variable in VARIABLES}
    texts |= {f"words {key}": said for key, said in words_in(Language.EN).sentences.items()}
    return {place: without_code(text) for place, text in texts.items()}


def without_code(text: str) -> str:
    """`text` without blocks and words of code, links' targets, and the few words that stay."""
    text = re.sub(r"^ *```.*?^ *```$|`[^`]*`|\]\([^)]*\)", "", text, flags=re.DOTALL | re.MULTILINE)
    for phrase in STAYS:
        text = text.replace(phrase, "")
    return text


def test_what_people_read_has_no_word_that_we_never_use() -> None:
    wrong = never("read", "code", "everywhere")
    assert not {
        place: found for place, text in read_by_people().items() if (found := wrong.findall(text))
    }


@pytest.mark.parametrize(
    ("folder", "places"), [("src", ("code", "everywhere")), ("tests", ("everywhere",))]
)
def test_our_files_have_no_word_that_we_never_use(folder: str, places: tuple[str, ...]) -> None:
    wrong = never(*places)
    files = [
        path
        for ending in ("py", "toml", "sql", "md")
        for path in (REPOSITORY / folder).rglob(f"*.{ending}")
    ]
    assert not {
        str(path.relative_to(REPOSITORY)): found
        for path in files
        if (found := wrong.findall(path.read_text()))
    }
