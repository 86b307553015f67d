"""Central desks: addresses that answer for so many domains that they can be nobody's own."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from baken.core.asset import registrable_domain
from baken.core.lookup import Outcome, SubjectKind
from baken.core.lookup_text import from_json
from baken.core.routes import Scope
from baken.discovery.models import KeptAnswer

MANY_DOMAINS: Final = 50
"""An address that is given as the owner's of so many registered domains belongs to a service
provider. Large groups have fewer; a national desk or a registrar has thousands."""


def central_desks() -> frozenset[str]:
    """The addresses, in lower case, that kept answers give as the owner's of `MANY_DOMAINS`."""
    domains: defaultdict[str, set[str]] = defaultdict(set)
    answers = KeptAnswer.objects.filter(
        subject_kind__in=[SubjectKind.NAME.value, SubjectKind.DOMAIN.value],
        outcome=Outcome.FOUND.value,
    )
    for text in answers.values_list("answer", flat=True).iterator():
        answer = from_json(text)
        domain = registrable_domain(answer.subject.value)
        for route in answer.routes:
            if route.scope in (Scope.OWNER, Scope.NAME):
                domains[route.address.lower()].add(domain)
    return frozenset(address for address, mine in domains.items() if len(mine) >= MANY_DOMAINS)
