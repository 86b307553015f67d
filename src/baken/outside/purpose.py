"""Why something outside is asked, and what its PAP label permits."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass

from baken.core.pap import Pap, Touch, permits


@dataclass(frozen=True, slots=True)
class Purpose:
    """What stands behind each request of a client."""

    why: str = ""
    """In one line, as it is written down with each request."""
    pap: Pap = Pap.CLEAR
    """The strictest label of the data that the questions come from."""
    touch: Touch = Touch.SUBJECT
    """Who can notice the questions. Whoever does not say so is taken to touch the subject."""
    subjects: frozenset[str] = frozenset()
    """The affected names, addresses and networks. A third party that sends us on to one of them
    does not make it a third party."""

    def permits(self, server: str) -> bool:
        """Whether the server with this name or address may be asked."""
        is_subject = any(_belongs_to(server, subject) for subject in self.subjects)
        return permits(self.pap, touch=Touch.SUBJECT if is_subject else self.touch)


def make_purpose(
    why: str,
    *,
    pap: Pap = Pap.CLEAR,
    touch: Touch = Touch.SUBJECT,
    subjects: Collection[str] = (),
) -> Purpose:
    """The purpose with these values; names in lower case, without the last dot."""
    return Purpose(why, pap, touch, frozenset(one.lower().rstrip(".") for one in subjects))


def _belongs_to(server: str, subject: str) -> bool:
    try:
        network = ipaddress.ip_network(subject, strict=False)
    except ValueError:
        return server == subject or server.endswith(f".{subject}")
    try:
        return ipaddress.ip_address(server) in network
    except ValueError:
        return False
