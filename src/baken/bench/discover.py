"""Ten thousand systems that nobody registered: how long until it is known whom to tell."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from baken.bench import peak_rss_bytes, timed
from baken.core.choosing import Choice
from baken.core.classification import Level, Tlp
from baken.core.given_file import GivenFileKind
from baken.core.lookup import FoundChannel
from baken.discovery.selectors import decided_systems
from baken.discovery.services import add_given_file
from baken.jobs.discovery import Discovered, discover
from baken.jobs.ingestion import ReadOnce, ingest_files
from baken.occasions.services import Threat, create_threat_occasion
from baken.settings.environment import Settings
from baken.specimen.internet import MadeUpInternet
from baken.specimen.unknown_systems import (
    FINDING_KINDS,
    UnknownOne,
    make_unknown_systems,
    world_of,
    write_bootstraps,
    write_bulk,
    write_reports,
)

_DELAY_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class DiscoverMeasurement:
    """How far the systems came, in how many seconds, and how often the owner was the right one."""

    systems: int
    seconds: float
    cpu_seconds: float
    """Of this process alone: what the made-up internet and the database take is not in it."""
    with_owner_route: int
    with_any_route: int
    right_owner: int
    wrong_owner: int
    """Systems of which a route leads to an owner who is not theirs."""
    wrong_sorts: tuple[str, ...]
    """The sorts of those (`baken.specimen.unknown_systems`)."""
    requests: int
    """Questions that were put to a lookup."""
    unanswered: int
    """Of those: how many no source could answer."""
    peak_rss_bytes: int
    """The most memory this process held; the made-up internet and the database are not in it."""

    def as_json(self) -> dict[str, object]:
        """The figures as they are printed."""
        rounded = {"seconds": round(self.seconds, 3), "cpu_seconds": round(self.cpu_seconds, 3)}
        return asdict(self) | rounded


def measure_discover(
    *,
    systems: int,
    settings: Settings,
    with_bulk: bool = False,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> DiscoverMeasurement:
    """Ask a made-up internet, 50 ms away, about `systems` unknown systems; in an empty database.

    With `with_bulk` half of their networks stand in a file that was given.
    """
    made = make_unknown_systems(systems, with_bulk=with_bulk)
    with (
        tempfile.TemporaryDirectory(prefix="baken-bench-discover-") as name,
        MadeUpInternet(world_of(made), delay_seconds=_DELAY_SECONDS) as internet,
    ):
        _fill(made, Path(name), settings=settings, with_bulk=with_bulk)
        web = replace(
            settings.web,
            further_networks=(ip_network("127.0.0.0/8"),),
            port=internet.https_port,
            ca_file=internet.ca_file,
        )
        asking = replace(settings, web=web, dns_servers=((internet.host, internet.dns_port),))
        before = time.process_time()
        with timed() as watch:
            found = discover("bench", settings=asking, progress=progress)
        cpu_seconds = time.process_time() - before
    return _measured(made, found, seconds=watch.seconds, cpu_seconds=cpu_seconds)


def _fill(systems: list[UnknownOne], folder: Path, *, settings: Settings, with_bulk: bool) -> None:
    """Store what was seen of `systems`, and begin a threat that concerns them."""
    now = datetime.now(UTC)
    reports = write_reports(systems, folder, seen_at=now - timedelta(hours=3))
    for _ in ingest_files(reports, settings=settings, accept=ReadOnce, progress=lambda _: None):
        pass
    given = [(path, GivenFileKind.RDAP_BOOTSTRAP) for path in write_bootstraps(systems, folder)]
    if with_bulk:
        bulk = folder / "inetnum.db"
        write_bulk(systems, bulk)
        given.append((bulk, GivenFileKind.SPLIT_FILE))
    for path, kind in given:
        add_given_file(
            path, kind=kind, name=path.stem, permission="made up", by="bench",
            valid_until=now + timedelta(days=1), now=now,
        )  # fmt: skip
    create_threat_occasion(
        Threat(
            key="bench", title="A threat", likelihood=Level.HIGH, impact=Level.HIGH, tlp=Tlp.GREEN,
            advice_nl="Doe dit.", advice_en="Do this.", finding_kinds=FINDING_KINDS,
        )
    )  # fmt: skip


def _measured(
    systems: list[UnknownOne], found: Discovered, *, seconds: float, cpu_seconds: float
) -> DiscoverMeasurement:
    truth = {one.place.address: one for one in systems}
    owned = routed = right = 0
    wrong: set[str] = set()
    for decided in decided_systems(found.occasion):
        choice, one = decided.choice, truth[decided.sought.address]
        routed += bool(choice.owner_routes or choice.operator_routes)
        if choice.owner_routes:
            owned += 1
            if _leads_to_owner(choice, one):
                right += 1
            else:
                wrong.add(one.sort)
    return DiscoverMeasurement(
        systems=found.systems,
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        with_owner_route=owned,
        with_any_route=routed,
        right_owner=right,
        wrong_owner=owned - right,
        wrong_sorts=tuple(sorted(wrong)),
        requests=found.asked,
        unanswered=found.unanswered,
        peak_rss_bytes=peak_rss_bytes(),
    )


def _leads_to_owner(choice: Choice, one: UnknownOne) -> bool:
    """Whether every route by which the owner would be told is that owner's, and no one else's."""
    answers = one.answers
    return all(
        route.address == answers.owner_telephone
        if route.channel is FoundChannel.PHONE
        else bool(answers.owner_domain) and route.address.rpartition("@")[2] == answers.owner_domain
        for route in choice.owner_routes
    )
