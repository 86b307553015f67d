"""The tables of the outbox: the ledger of what was told to whom."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from baken.cases.models import SEVERITY_CHOICES, Case
from baken.constituency.models import LANGUAGES, Organisation, Route
from baken.occasions.models import TLP_CHOICES, Occasion
from baken.outbox import codes
from baken.outbox.pass_on_systems import PassOnSystem as PassOnSystem


class Addressee(models.Model):
    """Whom a notification goes to: a name and an address, in the one row that can be erased.

    Notifications and deliveries point here and stay as they are when a person is erased.
    """

    channel = models.CharField(max_length=16)
    address = models.CharField(max_length=500, blank=True, help_text="as it was when planned")
    name = models.CharField(max_length=200, blank=True)
    provider = models.CharField(
        max_length=253, blank=True, help_text="who receives for it: by MX, where it is mail"
    )
    provider_found_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "address", "name"],
                name="addressee_once",
                condition=Q(erased_at=None),
            ),
            models.CheckConstraint(
                name="addressee_erased_whole",
                condition=Q(erased_at=None) | Q(address="", name=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.address or "(erased)"


class Brake(models.Model):
    """Far more than usual waited: a few went, the rest waits until a person releases it."""

    put_on_at = models.DateTimeField()
    would_tell = models.PositiveIntegerField(help_text="what would have gone out that day")
    usual = models.PositiveIntegerField(help_text="what goes out on a usual day")
    released_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-put_on_at"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), name="brake_one_at_a_time", condition=Q(released_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"put on at {self.put_on_at:%Y-%m-%d %H:%M}"


class Notification(models.Model):
    """What one organisation is told at one moment, by one route; each case has its occasion.

    Or what an operator is asked to pass on: then it has systems in place of cases.
    """

    class State(models.TextChoices):
        """Where it stands; the deliveries say how it came there."""

        PLANNED = "planned", "waiting to be handed over"
        ACCEPTED = "accepted", "accepted by the mail server"
        REFUSED = "refused", "refused for good"
        WITHDRAWN = "withdrawn", "withdrawn before it was handed over"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(
        max_length=codes.LENGTH, unique=True, default=codes.new_code, editable=False
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="notifications"
    )
    route = models.ForeignKey(
        Route, on_delete=models.SET_NULL, null=True, related_name="notifications"
    )
    addressee = models.ForeignKey(Addressee, on_delete=models.PROTECT, related_name="notifications")
    channel = models.CharField(max_length=16)
    language = models.CharField(max_length=2, choices=LANGUAGES)
    time_zone = models.CharField(
        max_length=64, blank=True, db_default="", help_text="empty: the service's"
    )
    tlp = models.CharField(max_length=16, choices=TLP_CHOICES)
    severity = models.PositiveSmallIntegerField(choices=SEVERITY_CHOICES)
    policy = models.CharField(max_length=64, help_text="the rule that said: tell")
    planned_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.PLANNED)
    state_reason = models.TextField(blank=True)
    claimed_by = models.PositiveIntegerField(
        null=True, help_text="the sender that prepares it; it counts while that one's lock is held"
    )
    tried_at = models.DateTimeField(null=True, help_text="when it was last tried")
    brake = models.ForeignKey(
        Brake,
        on_delete=models.PROTECT,
        null=True,
        related_name="notifications",
        db_index=False,
        help_text="what held it back until a person looked",
    )
    is_brake_checked = models.BooleanField(
        db_default=False, help_text="whether it may be claimed, unless the brake holds it"
    )
    is_pass_on = models.BooleanField(
        db_default=False, help_text="whether it asks an operator to pass on, and tells of no case"
    )

    class Meta:
        ordering = ["-severity", "planned_at", "id"]
        indexes = [
            models.Index(
                fields=["-severity", "planned_at", "id"],
                name="notification_waiting",
                condition=Q(state="planned"),
            ),
            models.Index(fields=["organisation", "-planned_at"], name="notification_by_org"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class NotifiedCase(models.Model):
    """One case in one notification under its occasion, as it stood when it was planned."""

    class Reason(models.TextChoices):
        """Why the case is told."""

        NEW = "new", "new"
        WORSE = "worse", "got worse"
        BACK = "back", "came back after it was gone"
        NEWS = "news", "showed something new"
        THREAT = "threat", "part of a threat"
        REMINDER = "reminder", "persists"

    # `notified_case_once` is the index by notification.
    notification = models.ForeignKey(
        Notification, on_delete=models.CASCADE, related_name="notified_cases", db_index=False
    )
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notified")
    # Not checked for each of a hundred thousand rows: planning holds the occasions, and a trigger
    # refuses to remove one under which anything was told.
    occasion = models.ForeignKey(
        Occasion, on_delete=models.PROTECT, related_name="notified", db_constraint=False
    )
    reason = models.CharField(max_length=8, choices=Reason.choices)
    severity = models.PositiveSmallIntegerField(choices=SEVERITY_CHOICES)
    # What the message says of it: a retry, under the same Message-ID, says the same.
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    sightings = models.PositiveBigIntegerField()
    feed = models.CharField(max_length=64, blank=True)
    rule = models.CharField(max_length=32, blank=True, help_text="how the case was matched")
    rsit_type = models.CharField(max_length=64)
    affected_role = models.CharField(max_length=16, blank=True)
    address = models.GenericIPAddressField(null=True)
    port = models.PositiveIntegerField(null=True)
    transport = models.CharField(max_length=8, blank=True)
    host_name = models.CharField(max_length=253, blank=True)
    url = models.TextField(blank=True)
    product = models.TextField(blank=True)
    cves = ArrayField(models.CharField(max_length=32), default=list)
    asset_value = models.CharField(max_length=255)
    evidence = models.JSONField(default=dict)
    details = models.JSONField(default=list)
    details_more = models.PositiveIntegerField(default=0)
    # What the case was told before this; the case gets it back when nobody gets this.
    told_before_at = models.DateTimeField(null=True)
    told_before_severity = models.PositiveSmallIntegerField(choices=SEVERITY_CHOICES, null=True)
    told_before_news = ArrayField(models.TextField(), default=list)

    class Meta:
        ordering = ["notification", "-severity", "id"]
        constraints = [
            models.UniqueConstraint(fields=["notification", "case"], name="notified_case_once"),
            models.CheckConstraint(
                name="notified_case_told_before_whole",
                condition=Q(told_before_at=None, told_before_severity=None)
                | Q(told_before_at__isnull=False, told_before_severity__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} in {self.notification_id}"


class Delivery(models.Model):
    """One attempt to hand a notification over. Append-only: an outcome, once known, stays.

    A trigger in the database refuses to change a finished delivery or to delete any.
    """

    class State(models.TextChoices):
        """Intended, then what came of it."""

        SENDING = "sending", "intended; the network may have been touched"
        ACCEPTED = "accepted", "accepted by the other side"
        DEFERRED = "deferred", "not taken now; will be tried again"
        REFUSED = "refused", "refused for good"
        UNCERTAIN = "uncertain", "broken off; may have arrived"

    notification = models.ForeignKey(
        Notification, on_delete=models.PROTECT, related_name="deliveries"
    )
    attempt = models.PositiveIntegerField()
    sender = models.PositiveIntegerField(
        default=0, help_text="who intended it; *sending* holds while that one's lock is held"
    )
    channel = models.CharField(max_length=16)
    message_id = models.CharField(max_length=255)
    state = models.CharField(max_length=9, choices=State.choices, default=State.SENDING)
    about = models.CharField(
        max_length=8, blank=True, help_text="what a failure is about: address, mailbox, message, us"
    )
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    reply = models.TextField(blank=True, help_text="what the other side said")

    class Meta:
        ordering = ["notification", "attempt"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["id"], name="delivery_sending", condition=Q(state="sending")),
            models.Index(
                fields=["finished_at"], name="delivery_refused", condition=Q(state="refused")
            ),
            models.Index(
                fields=["finished_at"], name="delivery_full", condition=Q(about="mailbox")
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["notification", "attempt"], name="delivery_attempt"),
            models.UniqueConstraint(
                fields=["notification"],
                name="delivery_accepted_once",
                condition=Q(state="accepted"),
            ),
            models.CheckConstraint(
                name="delivery_finished_or_sending",
                condition=Q(state="sending", finished_at=None)
                | (~Q(state="sending") & Q(finished_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.attempt} of {self.notification_id}"


class ForgottenRefusal(models.Model):
    """A delivery that counts against its address no more: the delivery itself never changes."""

    delivery = models.OneToOneField(Delivery, on_delete=models.PROTECT, related_name="forgotten")
    forgotten_at = models.DateTimeField()
    reason = models.TextField(help_text="who or what said so")
    is_of_everybody = models.BooleanField(
        default=False, help_text="everybody was refused: the fault was taken as ours"
    )

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.delivery_id}: {self.reason}"


class Provider(models.Model):
    """Who receives for many addresses, how fast we send there, and since when."""

    name = models.CharField(max_length=253, unique=True)
    first_used_at = models.DateTimeField()
    next_at = models.DateTimeField(help_text="when the next may be sent")
    slowed = models.PositiveSmallIntegerField(
        default=0, help_text="how often the pace was halved since all went well"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Round(models.Model):
    """A planning that told everything, also what is not urgent."""

    held_at = models.DateTimeField(unique=True)

    class Meta:
        ordering = ["-held_at"]

    def __str__(self) -> str:
        return f"{self.held_at:%Y-%m-%d %H:%M}"


class Suppression(models.Model):
    """An address that gets nothing from us, and why."""

    address = models.CharField(max_length=500, unique=True)
    reason = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["address"]

    def __str__(self) -> str:
        return self.address


class LeftAlone(models.Model):
    """An address that never signed up and asked us to stop: a salted hash, kept for ever."""

    digest = models.CharField(max_length=64, primary_key=True, help_text="SHA-256, in hexadecimal")
    asked_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["asked_at"]

    def __str__(self) -> str:
        return self.digest


class LedgerSecret(models.Model):
    """The one row with the secrets that are made for this ledger."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    answer_key = models.CharField(max_length=64, help_text="256 bits, in hexadecimal")
    address_salt = models.CharField(max_length=64, help_text="256 bits, in hexadecimal")

    class Meta:
        constraints = [models.CheckConstraint(name="ledger_secret_once", condition=Q(id=1))]

    def __str__(self) -> str:
        return "the secrets of the ledger"


class Halt(models.Model):
    """The switch that stops all sending: on while a row is not lifted."""

    reason = models.CharField(max_length=200)
    halted_at = models.DateTimeField(db_default=Now())
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-halted_at"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), name="halt_one_at_a_time", condition=Q(lifted_at=None)
            )
        ]

    def __str__(self) -> str:
        return self.reason
