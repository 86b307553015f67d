"""Details: the distinct values that one system showed, each with when and how often.

A report may show one system in many rows: two malware families on one address, three exposed paths
on one service. A case keeps the last row whole, and of all rows what tells one from another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

MOST_KEPT: Final = 100
"""How many values of one case are kept; of the others only how many there were."""

MOST_MOMENTS: Final = 10
"""How many moments of each family are kept: enough to find it in a log."""

MOST_NEWS: Final = 500
"""After so many values that counted as news, no further one of the case is news."""

CVE: Final = "cve"
PRODUCT: Final = "product"
URL: Final = "url"
TAG: Final = "tag"

FAMILIES: Final = ("family", "malware", "infection")
"""What calls the malware, or what the system did, by its name; the more precise name first.

They say one thing in several columns: a value that one of them holds is not kept again under
another, nor as a tag.
"""

SOURCE_PORT: Final = "src_port"
"""The port from which a system was seen to do something, with the exact second: behind address
translation (NAT) nothing else tells which system it was. Each moment is a detail of its own."""

TARGET_PORT: Final = "dst_port"
"""The port at which something was done to a system."""

PORT: Final = "port"
"""The port of a site, which is not part of its name."""

MOMENTS: Final = (SOURCE_PORT, TARGET_PORT)
"""The details that are moments: the last `MOST_MOMENTS` of each family are kept."""

IN_EVIDENCE: Final = (
    *FAMILIES,
    TAG,
    # What answers there, and which version of it.
    "version", "server_version", "device_type", "device_vendor", "device_model", "os",
    "detail", "category", "status",
    # Where on the system.
    "http_url", "http_path", "request_path", "query", "exports",
    # What is wrong with it, or was done from it.
    "vulnerability_id", "badsecret_type", "badsecret_module", "beacon_type", "beacon_host",
    "attack", "service", "account", "ransomware",
    # Who says so, and why.
    "source", "reason", "redirect_target", "cc_url", "md5", "sha256",
)  # fmt: skip
"""The pieces of evidence whose values tell one thing on a system from another.

Not what differs with each look and says nothing new: sizes, counts, serial numbers of requests.
"""

IN_COLUMNS: Final = (CVE, PRODUCT, URL)
"""What has a column of its own in an observation and is a detail too."""

DETAIL_NAMES: Final = (*IN_EVIDENCE, *IN_COLUMNS, PORT, *MOMENTS)
"""The name of every detail there is."""

NEWS_NAMES: Final = (CVE, *FAMILIES, TAG, "badsecret_type", "beacon_type", "ransomware")
"""The details that may count as news: from a fixed vocabulary, never text that anybody can choose,
such as a path."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One value that a system showed under one name: a family, a CVE, an exposure, a version."""

    name: str
    """What the feed calls it, such as ``family``; one of `DETAIL_NAMES`."""
    value: str
    first_seen_at: datetime
    last_seen_at: datetime
    sightings: int
    of: str = ""
    """Of a moment the family it belongs to, where the row names one."""

    @property
    def is_moment(self) -> bool:
        """Whether it is one moment at one port, and not a value that lasts."""
        return self.name in MOMENTS


def read_details(stored: Iterable[Mapping[str, Any]]) -> tuple[Detail, ...]:
    """The details as a case holds them in JSON, in the order of `DETAIL_NAMES`; of each name and
    family the newest first.

    One without ``sightings`` was seen once, one without ``first`` at one moment.
    """
    details = (
        Detail(
            name=one["name"],
            value=one["value"],
            first_seen_at=datetime.fromisoformat(one.get("first") or one["last"]),
            last_seen_at=datetime.fromisoformat(one["last"]),
            sightings=one.get("sightings", 1),
            of=one.get("of") or "",
        )
        for one in stored
    )
    newest = sorted(details, key=lambda one: (one.last_seen_at, one.value), reverse=True)
    return tuple(sorted(newest, key=lambda one: (_PLACES.get(one.name, len(_PLACES)), one.of)))


_PLACES: Final = {name: place for place, name in enumerate(DETAIL_NAMES)}
