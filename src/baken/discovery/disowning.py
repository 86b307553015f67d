"""Systems that are not theirs, as those who were told said: the next candidate is sought."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from baken.discovery.models import DiscoveredIdentity, Disowned, SoughtSystem

_State = SoughtSystem.State


def disown(organisation_id: int, systems: Collection[str], *, now: datetime) -> None:
    """Remember that these systems are not of this organisation, and seek their owner again.

    Does nothing for one that was not discovered. The next discovery takes the next candidate. Key:
    the system and who said it, so it may run twice. Call it in a transaction.
    """
    identity = _identity_of(organisation_id)
    if not identity:
        return
    Disowned.objects.bulk_create(
        [Disowned(system=one, identity=identity, said_at=now) for one in sorted(set(systems))],
        ignore_conflicts=True,
    )
    SoughtSystem.objects.filter(organisation=organisation_id, system__in=systems).update(
        state=_State.DISOWNED, organisation=None, opened_at=None
    )


def own_again(organisation_id: int, systems: Collection[str]) -> None:
    """Take back that these systems are not of this organisation, where no other was found since.

    May run twice. Call it in a transaction.
    """
    identity = _identity_of(organisation_id)
    if not identity:
        return
    Disowned.objects.filter(identity=identity, system__in=systems).delete()
    SoughtSystem.objects.filter(
        organisation=None, system__in=systems, state=_State.DISOWNED
    ).update(state=_State.OWNER, organisation=organisation_id)


def disowned_by(systems: Iterable[str]) -> dict[str, frozenset[str]]:
    """By system, who said that it is not theirs, as the texts of their identities."""
    found: dict[str, set[str]] = {}
    rows = Disowned.objects.filter(system__in=list(systems))
    for system, identity in rows.values_list("system", "identity"):
        found.setdefault(system, set()).add(identity)
    return {system: frozenset(said) for system, said in found.items()}


def forget_disowned(organisation_ids: Collection[int]) -> None:
    """Forget what these organisations said is not theirs; call it before they are forgotten."""
    known = DiscoveredIdentity.objects.filter(organisation__in=organisation_ids, is_operator=False)
    Disowned.objects.filter(identity__in=[str(one) for one in known]).delete()


def _identity_of(organisation_id: int) -> str:
    known = DiscoveredIdentity.objects.filter(
        organisation=organisation_id, is_operator=False
    ).first()
    return "" if known is None else str(known)
