"""The table of occasions."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from baken.core.classification import Level, Tlp
from baken.core.pap import Pap
from baken.core.selection import Selection

LEVEL_CHOICES = [(level.value, level.key) for level in Level]
TLP_CHOICES = [(label.value, label.value) for label in Tlp]


class Occasion(models.Model):
    """One reason to warn (Dutch: *aanleiding*): a daily feed's level, or one threat."""

    class Kind(models.TextChoices):
        """A standing occasion goes by itself; a threat is released by two people."""

        STANDING = "standing", "standing"
        THREAT = "threat", "threat"

    key = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    title_en = models.CharField(
        max_length=200, blank=True, help_text="in English; empty: as the title"
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    likelihood = models.PositiveSmallIntegerField(choices=LEVEL_CHOICES, null=True)
    impact = models.PositiveSmallIntegerField(choices=LEVEL_CHOICES, null=True)
    tlp = models.CharField(max_length=16, choices=TLP_CHOICES)
    pap = models.CharField(
        max_length=16,
        choices=[(label.value, label.value) for label in Pap],
        default=Pap.CLEAR.value,
        help_text="who may notice what we ask about its systems",
    )
    advice_nl = models.TextField(blank=True, help_text="Besides the advice of the finding kind.")
    advice_en = models.TextField(blank=True)
    # The selection: what the occasion covers. An empty list leaves that side open.
    finding_kinds = ArrayField(models.CharField(max_length=64), default=list)
    cves = ArrayField(models.CharField(max_length=32), default=list)
    severities = ArrayField(models.PositiveSmallIntegerField(), default=list)
    feeds = ArrayField(models.CharField(max_length=64), default=list)
    products = ArrayField(models.CharField(max_length=100), default=list)
    created_at = models.DateTimeField(db_default=Now())
    released_by = models.CharField(max_length=120, blank=True)
    seconded_by = models.CharField(max_length=120, blank=True)
    released_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(
                name="occasion_threat_is_rated",
                condition=Q(kind="standing") | Q(likelihood__isnull=False, impact__isnull=False),
            ),
            models.CheckConstraint(
                name="occasion_released_by_two",
                condition=Q(kind="standing")
                | Q(released_at=None)
                | (~Q(released_by="") & ~Q(seconded_by="") & ~Q(released_by=F("seconded_by"))),
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_threat(self) -> bool:
        """Whether two people release it; a standing occasion goes by itself."""
        return self.kind == self.Kind.THREAT

    @property
    def selection(self) -> Selection:
        """What it covers, as a value."""
        return Selection(
            finding_kinds=tuple(self.finding_kinds),
            cves=tuple(self.cves),
            severities=tuple(self.severities),
            feeds=tuple(self.feeds),
            products=tuple(self.products),
        )
