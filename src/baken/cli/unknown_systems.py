"""``baken occasion unknown``: the systems under an occasion that nobody known owns."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from baken.cli.csv_files import LONGEST_CELL, write_csv
from baken.cli.output import InLanguage, say, say_json_with
from baken.cli.progress import counting
from baken.cli.session import begin
from baken.core.language import Language
from baken.core.text import one_line
from baken.core.unknown_system import GroupBy, UnknownSystem, read_unknown_systems
from baken.jobs import EngineName

if TYPE_CHECKING:
    import pyarrow as pa

    from baken.jobs.looking_back import UnknownUnder

_SHOWN: Final = 10


class ListedBy(StrEnum):
    """What one line of a list is about."""

    SYSTEM = "system"
    NETWORK = "network"
    DOMAIN = "domain"
    COUNTRY = "country"

    @property
    def plural(self) -> str:
        """The name of the list in JSON."""
        return "countries" if self is ListedBy.COUNTRY else f"{self}s"


def unknown(
    key: str,
    by: Annotated[
        ListedBy | None,
        typer.Option("--by", help="List only these: each system, or counts of them."),
    ] = None,
    csv_file: Annotated[
        str | None,
        typer.Option("--csv", metavar="FILE", help="Write the list as CSV; - prints it."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, help="How many of each list; without it 10, in files all."),
    ] = None,
    engine: Annotated[
        EngineName,
        typer.Option(
            "--engine", help="Where the work runs: on this machine, or on a Spark cluster."
        ),
    ] = EngineName.LOCAL,
    language: InLanguage = Language.EN,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print figures and the list as JSON.")
    ] = False,
) -> None:
    """Show the systems under an occasion that no registered organisation owns.

    By all that the store still holds. Nobody outside is asked, and nothing is written or sent. The
    country is what the registries' statistics say, where they were given as a file, else what the
    source says.
    Systems are listed with the newest sighting first; networks, domains and countries with the
    most systems first. What is TLP:RED, an attacker's, or of an unknown role is only counted. Exit
    code 1 when a stored file could not be read.
    """
    if csv_file is not None and as_json:
        raise typer.BadParameter("Choose one of --csv and --json.")
    settings = begin()
    from baken.jobs.looking_back import find_unknown_under, with_countries

    with counting("rows selected") as progress:
        done = find_unknown_under(key, settings=settings, progress=progress, engine_name=engine)
    done = with_countries(done, now=datetime.now(UTC))
    if as_json:
        listed = by or ListedBy.SYSTEM
        rows = _rows(done, listed, limit=limit)
        say_json_with(_figures(done), listed.plural, rows, counted_as=f"{listed.plural}_listed")
    elif csv_file is not None:
        _write_csv(done, csv_file, by=by or ListedBy.SYSTEM, limit=limit)
    else:
        _say(done, by=by, limit=limit or _SHOWN, language=language)
    if done.found.problems:
        raise typer.Exit(1)


def _figures(done: UnknownUnder) -> dict[str, object]:
    rows = done.found.rows
    return {
        "occasion": done.occasion.key,
        "files_read": done.files,
        "rows_held": done.rows_held,
        "rows_selected": rows.selected,
        "rows_owned": rows.owned,
        "rows_unknown": rows.unknown,
        "rows_attacker": rows.attacker,
        "rows_role_unknown": rows.role_unknown,
        "rows_red": rows.red,
        "systems_unknown": done.found.systems.num_rows,
        "systems_red": done.found.red.num_rows,
        "problems": [problem.message for problem in done.found.problems],
    }


def _rows(done: UnknownUnder, by: ListedBy, *, limit: int | None) -> Iterator[dict[str, Any]]:
    """The lines of the list, as they are asked; each has the same keys."""
    from baken.cases.services import group_systems
    from baken.explaining.unknown_systems import operators_of, system_groups

    if by is ListedBy.SYSTEM:
        systems = _first(done.found.systems, limit)
        operators = operators_of(systems)
        for system in read_unknown_systems(systems):
            yield _system_row(system, operators)
        return
    groups = group_systems(done.found.systems, GroupBy(by))
    for group in system_groups(_first(groups, limit)):
        row = {
            by.value: group.value,
            "is_hint": group.is_hint,
            "systems": group.systems,
            "sightings": group.sightings,
            "first_seen_at": group.first_seen_at.isoformat(),
            "last_seen_at": group.last_seen_at.isoformat(),
        }
        yield {name: row[name] for name in _columns(by)}


def _columns(by: ListedBy) -> tuple[str, ...]:
    """The names of the cells of a line, in their order."""
    if by is ListedBy.SYSTEM:
        return _SYSTEM_COLUMNS
    hint = ("is_hint",) if by is ListedBy.DOMAIN else ()
    return (by.value, *hint, "systems", "sightings", "first_seen_at", "last_seen_at")


_SYSTEM_COLUMNS: Final = (
    "finding_kind", "system", "last_seen_at", "first_seen_at", "sightings", "severity", "tlp",
    "address", "network_bits", "network", "port", "transport", "host_name", "domain", "hinted_name",
    "hint_origin", "hinted_domain", "url_host", "email_domain", "asn", "country", "country_by",
    "operators", "product", "cves", "address_role", "affected_role", "feed", "report_type",
)  # fmt: skip


def _first(table: pa.Table, limit: int | None) -> pa.Table:
    return table if limit is None else table.slice(0, limit)


def _system_row(system: UnknownSystem, operators: Mapping[int, tuple[str, str]]) -> dict[str, Any]:
    names = [operators[key][0] for key in system.operators if key in operators]
    origin, country_by = system.hint_origin, system.country_by
    own = {
        "network": system.network,
        "domain": system.domain,
        "hinted_domain": system.hinted_domain,
        "severity": system.severity.key,
        "hint_origin": "" if origin is None else origin.value,
        "country_by": "" if country_by is None else country_by.value,
        "product": one_line(system.product, limit=LONGEST_CELL),
        "operators": names,
        "last_seen_at": system.last_seen_at.isoformat(),
        "first_seen_at": system.first_seen_at.isoformat(),
    }
    return {name: own[name] if name in own else getattr(system, name) for name in _SYSTEM_COLUMNS}


def _write_csv(done: UnknownUnder, file: str, *, by: ListedBy, limit: int | None) -> None:
    for problem in done.found.problems:
        print(f"{problem.message} {problem.remedy}", file=sys.stderr)
    lines = (list(row.values()) for row in _rows(done, by, limit=limit))
    write_csv(file, lines, columns=_columns(by))


def _say(done: UnknownUnder, *, by: ListedBy | None, limit: int, language: Language) -> None:
    from baken.explaining.unknown_systems import explain_unknown, unknown_lines
    from baken.explaining.words import words_in

    lists_systems = by in (None, ListedBy.SYSTEM)
    explained = explain_unknown(
        done.found,
        occasion=done.occasion.key,
        title=done.occasion.title,
        files=done.files,
        rows_held=done.rows_held,
        by=_groups(by),
        newest=limit if lists_systems else 0,
        groups=limit,
    )
    for line in unknown_lines(explained, words_in(language)):
        say(line)


def _groups(by: ListedBy | None) -> Sequence[GroupBy]:
    if by is None:
        return tuple(GroupBy)
    return () if by is ListedBy.SYSTEM else (GroupBy(by),)
