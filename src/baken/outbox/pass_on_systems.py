"""The table of what operators are asked to pass on; `baken.outbox.models` is its door."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from baken.core.classification import Severity


class PassOnSystem(models.Model):
    """One system in a notification that asks an operator to pass it on, as it stood when planned.

    What the operator says of it stands beside it.
    """

    class Reason(models.TextChoices):
        """Why the operator is asked now."""

        NEW = "new", "new"
        WORSE = "worse", "got worse"
        REMINDER = "reminder", "persists"

    class Answer(models.TextChoices):
        """What the operator says."""

        PASSED_ON = "passed-on", "passed on to whoever uses the system"
        NOT_THEIRS = "not-theirs", "the system is not in the operator's network"

    class How(models.TextChoices):
        """By which way its answer came."""

        PAGE = "page", "on the public page"
        STAFF = "staff", "told our people, who wrote it down"

    notification = models.ForeignKey(
        "outbox.Notification", on_delete=models.CASCADE, related_name="pass_on_systems"
    )
    operator = models.ForeignKey(
        "constituency.Organisation", on_delete=models.PROTECT, related_name="asked_to_pass_on"
    )
    occasion = models.ForeignKey(
        "occasions.Occasion", on_delete=models.PROTECT, related_name="asked_to_pass_on"
    )
    finding_kind = models.CharField(max_length=64)
    system = models.CharField(max_length=300, blank=True, help_text="empty once it is forgotten")
    severity = models.PositiveSmallIntegerField(choices=[(one.value, one.key) for one in Severity])
    reason = models.CharField(max_length=8, choices=Reason.choices)
    seen = models.TextField(blank=True, help_text="core.passing_on.SystemToPassOn as JSON")
    code_digest = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the pass-on code, in hexadecimal"
    )
    told_before_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_how = models.CharField(max_length=5, choices=How.choices, blank=True)

    class Meta:
        ordering = ["notification", "-severity", "system", "id"]
        indexes = [
            models.Index(fields=["code_digest"], name="pass_on_system_by_code"),
            models.Index(fields=["system"], name="pass_on_system_by_system"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "occasion", "finding_kind", "system"],
                name="pass_on_system_once",
                condition=~Q(system=""),
            ),
            models.CheckConstraint(
                name="pass_on_system_answered_whole",
                condition=Q(answer="", answered_at=None, answered_how="")
                | (~Q(answer="") & ~Q(answered_how="") & Q(answered_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.system or '(forgotten)'} in {self.notification_id}"
