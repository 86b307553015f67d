"""A notification that left us, for tests of who checks and answers it."""

from __future__ import annotations

from datetime import UTC, datetime

from baken.cases.models import Case
from baken.constituency.models import Organisation
from baken.core.language import Language
from baken.occasions.models import Occasion
from baken.outbox.models import Addressee, Delivery, Notification, NotifiedCase
from small_world import YESTERDAY, make_organisation

SENT_AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def tell(
    *hosts: str,
    channel: str = "mail",
    address: str = "security@haven.example.nl",
    language: Language = Language.NL,
    state: Delivery.State | None = Delivery.State.ACCEPTED,
    reference: str = "haven",
    organisation: Organisation | None = None,
) -> Notification:
    """A notification about these systems, with one delivery in `state`, or with none."""
    told = organisation or make_organisation(reference)
    addressee, _ = Addressee.objects.get_or_create(channel=channel, address=address, name="")
    occasion, _ = Occasion.objects.get_or_create(
        key="scans", defaults={"title": "Scans", "kind": "standing", "tlp": "TLP:AMBER"}
    )
    is_accepted = state is Delivery.State.ACCEPTED
    notification = Notification.objects.create(
        organisation=told, addressee=addressee, channel=channel, language=language.value,
        route=told.contacts.get().routes.first(),
        tlp="TLP:AMBER", severity=3, policy="new", planned_at=SENT_AT,
        state=Notification.State.ACCEPTED if is_accepted else Notification.State.PLANNED,
    )  # fmt: skip
    for host in hosts or ("www.haven.example.nl",):
        _tell_case(notification, host, occasion=occasion)
    if state is not None:
        Delivery.objects.create(
            notification=notification, attempt=1, channel=channel,
            message_id=f"{notification.pk}@baken.example.nl", started_at=SENT_AT, state=state,
            finished_at=None if state is Delivery.State.SENDING else SENT_AT,
        )  # fmt: skip
    return notification


def _tell_case(notification: Notification, host: str, *, occasion: Occasion) -> None:
    seen = {"first_seen_at": YESTERDAY, "last_seen_at": YESTERDAY, "severity": 3}
    case = Case.objects.create(
        organisation=notification.organisation, finding_kind="open-rdp", system=host,
        relation="owner", rule="discovered", asset_value="example.nl", is_shared=False,
        address_role="vulnerable", feed="made-up", tlp="TLP:AMBER", host_name=host,
        told_at=SENT_AT, told_severity=3, **seen,
    )  # fmt: skip
    NotifiedCase.objects.create(
        notification=notification, case=case, occasion=occasion, reason="new", sightings=1,
        rsit_type="potentially-unwanted-accessible", asset_value="example.nl", host_name=host,
        **seen,
    )  # fmt: skip
