"""Ten thousand systems that nobody registered: how long until it is known whom to tell."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from baken.bench import peak_rss_bytes, timed
from baken.core.classification import Level, Tlp
from baken.core.given_file import GivenFileKind
from baken.discovery.selectors import decided_systems
from baken.discovery.services import add_given_file
from baken.jobs.discovery import Discovered, discover
from baken.jobs.ingestion import ReadOnce, ingest_files
from baken.occasions.services import Threat, create_threat_occasion
from baken.settings.environment import Settings
from baken.specimen.internet import MadeUpInternet
from baken.specimen.unknown_systems import (
    UnknownOne,
    make_unknown_systems,
    world_of,
    write_bootstrap,
    write_report,
)

_DELAY_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class DiscoverMeasurement:
    """How far the systems came, in how many seconds, and how often the owner was the right one."""

    systems: int
    seconds: float
    with_owner_route: int
    with_any_route: int
    right_owner: int
    wrong_owner: int
    requests: int
    """Questions that were put to a lookup."""
    peak_rss_bytes: int
    """The most memory this process held; the made-up internet and the database are not in it."""

    def as_json(self) -> dict[str, int | float | str]:
        """The figures as they are printed."""
        return asdict(self) | {"seconds": round(self.seconds, 3)}


def measure_discover(*, systems: int, settings: Settings) -> DiscoverMeasurement:
    """Ask a made-up internet, 50 ms away, about `systems` unknown systems; in an empty database."""
    made = make_unknown_systems(systems)
    with (
        tempfile.TemporaryDirectory(prefix="baken-bench-discover-") as name,
        MadeUpInternet(world_of(made), delay_seconds=_DELAY_SECONDS) as internet,
    ):
        _fill(made, Path(name), settings=settings)
        web = replace(
            settings.web,
            further_networks=(ip_network("127.0.0.0/8"),),
            port=internet.https_port,
            ca_file=internet.ca_file,
        )
        asking = replace(settings, web=web, dns_servers=((internet.host, internet.dns_port),))
        with timed() as watch:
            found = discover("bench", settings=asking, progress=lambda *_: None)
    return _measured(made, found, seconds=watch.seconds)


def _fill(systems: list[UnknownOne], folder: Path, *, settings: Settings) -> None:
    """Store what was seen of `systems`, and begin a threat that concerns them."""
    now = datetime.now(UTC)
    report, bootstrap = folder / "2026-11-22-scan_rdp-test.csv", folder / "ipv4.json"
    write_report(systems, report, seen_at=now - timedelta(hours=3))
    write_bootstrap(systems, bootstrap)
    for _ in ingest_files([report], settings=settings, accept=ReadOnce, progress=lambda _: None):
        pass
    add_given_file(
        bootstrap, kind=GivenFileKind.RDAP_BOOTSTRAP, name="made up", permission="made up",
        by="bench", valid_until=now + timedelta(days=1), now=now,
    )  # fmt: skip
    create_threat_occasion(
        Threat(
            key="bench", title="A threat", likelihood=Level.HIGH, impact=Level.HIGH, tlp=Tlp.GREEN,
            advice_nl="Doe dit.", advice_en="Do this.", finding_kinds=("open-rdp",),
        )
    )  # fmt: skip


def _measured(
    systems: list[UnknownOne], found: Discovered, *, seconds: float
) -> DiscoverMeasurement:
    truth = {one.address: one.owner_mail for one in systems}
    owned = routed = right = 0
    for decided in decided_systems(found.occasion):
        choice = decided.choice
        owned += bool(choice.owner_routes)
        routed += bool(choice.owner_routes or choice.operator_routes)
        mails = {route.address for route in choice.owner_routes}
        right += bool(mails) and mails == {truth[decided.sought.address]}
    return DiscoverMeasurement(
        systems=found.systems,
        seconds=seconds,
        with_owner_route=owned,
        with_any_route=routed,
        right_owner=right,
        wrong_owner=owned - right,
        requests=found.asked,
        peak_rss_bytes=peak_rss_bytes(),
    )
