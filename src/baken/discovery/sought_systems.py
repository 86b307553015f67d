"""Systems whose owner is sought under an occasion: what is asked about each, and who was chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, Q

from baken.core.asset import normalise_domain
from baken.core.choice_text import (
    choice_from_json,
    choice_to_json,
    sought_from_json,
    sought_to_json,
)
from baken.core.choosing import Choice, Circumstances, choose
from baken.core.classification import AddressRole
from baken.core.finding_kinds import FindingKind, Layer, finding_kinds
from baken.core.ladder import Answers, Sought
from baken.core.unknown_system import UnknownSystem
from baken.discovery.disowning import disowned_by
from baken.discovery.models import SoughtSystem
from baken.occasions.models import Occasion

SystemKey = tuple[str, str]
"""Finding kind and system, as a case has them."""

_KIND_UNKNOWN: Final = FindingKind("", Layer.SERVICE)
_WRITTEN_AT_ONCE: Final = 1_000


def key_of(system: UnknownSystem) -> SystemKey:
    """What tells it from the others under one occasion."""
    return (system.finding_kind, system.system)


def sought_of(system: UnknownSystem) -> Sought:
    """What the ladder looks at of `system`.

    A kind that nobody named is treated as one of a service: told to the holder of the address. What
    is not just vulnerable was in somebody else's hands.
    """
    kind = finding_kinds().get(system.finding_kind, _KIND_UNKNOWN)
    is_broken_into = system.address_role is not AddressRole.VULNERABLE
    return Sought(
        layer=kind.layer,
        address=system.address,
        asked_name=system.host_name or _name(system.url_host),
        hinted_names=(system.hinted_name,) if system.hinted_name else (),
        mail_domain=system.email_domain,
        as_number="" if system.asn is None else str(system.asn),
        is_broken_into=is_broken_into,
        is_name_only=kind.is_name_only,
        is_mail_broken_into=is_broken_into and (kind.is_mail or _carries_mail(system)),
    )


# What the source calls the software, and where it listens. One that is missing here makes us write
# a mail that a burglar may read; one too many makes us call instead.
_MAIL_PRODUCTS: Final = (
    "dovecot", "domino", "exchange", "exim", "groupwise", "horde", "mailcow", "postfix",
    "roundcube", "sendmail", "smartermail", "zimbra",
)  # fmt: skip
_MAIL_PORTS: Final = frozenset({25, 110, 143, 465, 587, 993, 995})


def _carries_mail(system: UnknownSystem) -> bool:
    product = system.product.casefold()
    return system.port in _MAIL_PORTS or any(name in product for name in _MAIL_PRODUCTS)


def _name(host: str) -> str:
    """`host` when it is a name."""
    try:
        return normalise_domain(host)
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Decided:
    """One system, and who was chosen."""

    finding_kind: str
    system: str
    sought: Sought
    choice: Choice
    state: str
    last_seen_at: datetime
    decided_at: datetime
    organisation_id: int | None


def decide_about(
    occasion: Occasion,
    systems: Sequence[UnknownSystem],
    answers: Sequence[Answers],
    *,
    circumstances: Circumstances,
) -> list[Decided]:
    """Choose whom to tell about each of `systems`, by `answers` in the same order, and keep it.

    May run again: the key is occasion, finding kind and system, and the newest choice stays. A
    system for which an organisation was written already keeps it, and its case is read anew. Who
    said that a system is not theirs is not chosen for it.
    """
    disowned = disowned_by(system.system for system in systems)
    rows = []
    decided = []
    for system, answered in zip(systems, answers, strict=True):
        sought = sought_of(system)
        choice = choose(
            sought, answered, circumstances, disowned_by=disowned.get(system.system, ())
        )
        row = SoughtSystem(
            occasion=occasion,
            finding_kind=system.finding_kind,
            system=system.system,
            sought=sought_to_json(sought),
            state=_state_of(choice),
            choice=choice_to_json(choice),
            decided_at=circumstances.now,
            last_seen_at=system.last_seen_at,
        )
        rows.append(row)
        decided.append(_decided(row))
    SoughtSystem.objects.bulk_create(
        rows,
        batch_size=_WRITTEN_AT_ONCE,
        update_conflicts=True,
        unique_fields=["occasion", "finding_kind", "system"],
        update_fields=["sought", "state", "choice", "decided_at", "last_seen_at", "opened_at"],
    )
    return decided


def _state_of(choice: Choice) -> str:
    if choice.handed_over_to:
        return SoughtSystem.State.HANDED_OVER
    if choice.owner_routes:
        return SoughtSystem.State.OWNER
    if choice.operator_routes:
        return SoughtSystem.State.OPERATOR
    return SoughtSystem.State.BY_HAND if choice.tasks else SoughtSystem.State.NOBODY


def decided_systems(occasion: Occasion, *, state: str | None = None) -> Iterable[Decided]:
    """What was decided under `occasion`, the newest sighting first; of one state, or of all."""
    rows = SoughtSystem.objects.filter(occasion=occasion)
    if state is not None:
        rows = rows.filter(state=state)
    return map(_decided, rows.order_by("-last_seen_at", "id").iterator(_WRITTEN_AT_ONCE))


def decisions_about(system: str) -> list[Decided]:
    """What was decided about `system`, as a case names it, under any occasion; newest first.

    Of an address: about whatever listens there.
    """
    rows = SoughtSystem.objects.filter(is_system_or_on(system))
    rows = rows.order_by("-decided_at", "id")
    return [_decided(row) for row in rows]


def is_system_or_on(system: str) -> Q:
    """Whether the column ``system`` names `system`, or of an address what listens there."""
    there = Q(system=system) | Q(system__startswith=f"{system}:")
    return there | Q(system__startswith=f"[{system}]:")


def states_under(occasion: Occasion) -> dict[str, int]:
    """How many systems are in which state."""
    rows = SoughtSystem.objects.filter(occasion=occasion).order_by().values_list("state")
    return dict(rows.annotate(count=Count("pk")))


def _decided(row: SoughtSystem) -> Decided:
    return Decided(
        finding_kind=row.finding_kind,
        system=row.system,
        sought=sought_from_json(row.sought),
        choice=choice_from_json(row.choice),
        state=str(row.state),
        last_seen_at=row.last_seen_at,
        decided_at=row.decided_at,
        organisation_id=row.organisation_id,
    )
