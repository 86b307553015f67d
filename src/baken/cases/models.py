"""The table of cases. Its name in the database is that of the app in which it was made."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from baken.cases.names import label_by_label
from baken.constituency.models import Asset, Organisation
from baken.core.classification import Severity, Tlp
from baken.intake.models import Batch

SEVERITY_CHOICES = [(severity.value, severity.key) for severity in Severity]
TLP_CHOICES = [(label.value, label.value) for label in Tlp]


class Case(models.Model):
    """One organisation, one finding kind, one system; with first and last seen."""

    class State(models.TextChoices):
        """Open while it is seen. Gone when the feed still looks and no longer sees it; no longer
        looked at when the whole feed fell silent, so that nobody knows."""

        OPEN = "open", "open"
        GONE = "gone", "gone"
        NOT_LOOKED_AT = "not-looked-at", "no longer looked at"

    class GoneReason(models.TextChoices):
        """By what it is known to be gone."""

        NOT_SEEN = "not-seen", "its report type came without it"
        TYPE_EMPTY = "type-empty", "no file of its report type came, while others of the feed did"

    class Relation(models.TextChoices):
        """What the organisation is to the system."""

        OWNER = "owner", "owner"
        OPERATOR = "operator", "operator"

    # A million cases are written at once: `case_once` is the index by organisation, and nothing is
    # checked row by row. Who opens cases holds their organisations (sql/hold_organisations.sql),
    # and a trigger refuses to remove one that has any. Asset and batch, which say where the case
    # came from, may go.
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="cases",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    finding_kind = models.CharField(max_length=64)
    system = models.CharField(max_length=300, help_text="203.0.113.7:3389/tcp, www.example.nl")
    relation = models.CharField(max_length=8, choices=Relation.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    severity = models.PositiveSmallIntegerField(choices=SEVERITY_CHOICES)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    reopened_at = models.DateTimeField(null=True, help_text="when it was seen after it was gone")
    gone_at = models.DateTimeField(null=True, help_text="since when it is not open")
    gone_reason = models.CharField(
        max_length=16, choices=GoneReason.choices, blank=True, db_default=""
    )
    sightings = models.PositiveBigIntegerField(default=0)
    # How it was matched.
    rule = models.CharField(max_length=32)
    asset = models.ForeignKey(
        Asset, on_delete=models.SET_NULL, null=True, related_name="cases",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    asset_value = models.CharField(max_length=255)
    is_shared = models.BooleanField(help_text="others hold the same narrowest asset")
    # What was last seen.
    batch = models.ForeignKey(
        Batch, on_delete=models.SET_NULL, null=True, related_name="cases",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    feed = models.CharField(max_length=64)
    report_type = models.CharField(max_length=64)
    rsit_taxonomy = models.CharField(max_length=64)
    rsit_type = models.CharField(max_length=64)
    affected_role = models.CharField(max_length=16)
    address_role = models.CharField(max_length=20)
    address = models.GenericIPAddressField(null=True)
    port = models.PositiveIntegerField(null=True)
    transport = models.CharField(max_length=8, blank=True)
    host_name = models.CharField(max_length=253, blank=True)
    url = models.TextField(blank=True)
    email_domain = models.CharField(max_length=253, blank=True)
    asn = models.BigIntegerField(null=True)
    cves = ArrayField(models.CharField(max_length=32), default=list)
    product = models.TextField(blank=True)
    tlp = models.CharField(max_length=16, choices=TLP_CHOICES)
    evidence = models.JSONField(default=dict)
    # What was ever seen (`baken.core.detail`).
    details = models.JSONField(
        default=list, db_default=[], help_text="the distinct values, with when and how often"
    )
    details_more = models.PositiveIntegerField(
        default=0, db_default=0, help_text="how many values at least are not among `details`"
    )
    news = ArrayField(
        models.TextField(),
        default=list,
        db_default=[],
        help_text="family=mirai: what counts as news of its kind",
    )
    # What the organisation was last told of it; written with the notification, in one transaction.
    told_at = models.DateTimeField(null=True)
    told_severity = models.PositiveSmallIntegerField(choices=SEVERITY_CHOICES, null=True)
    told_news = ArrayField(
        models.TextField(), default=list, db_default=[], help_text="of `news`, what was told"
    )

    # What the organisation last answered; the newest answer counts (`baken.responses`).
    answer = models.CharField(max_length=16, blank=True, db_default="")
    answered_at = models.DateTimeField(null=True)
    answer_until = models.DateTimeField(null=True, help_text="until when the answer stands")

    class Meta:
        db_table = "occasions_case"
        ordering = ["-severity", "organisation", "finding_kind", "system"]
        # None on what changes each day: a case that is seen again is then written in its place.
        # By name and by mail domain hold only the cases that have one.
        indexes = [
            models.Index(fields=["address"], name="case_by_address"),
            models.Index(
                label_by_label("host_name"), name="case_by_name", condition=~Q(host_name="")
            ),
            models.Index(
                label_by_label("email_domain"), name="case_by_email", condition=~Q(email_domain="")
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "finding_kind", "system"], name="case_once"
            ),
            models.CheckConstraint(
                name="case_seen_in_order", condition=Q(first_seen_at__lte=F("last_seen_at"))
            ),
            models.CheckConstraint(
                name="case_answered_whole",
                condition=Q(answer="", answered_at=None, answer_until=None)
                | (~Q(answer="") & Q(answered_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="case_told_whole",
                condition=Q(told_at=None, told_severity=None)
                | Q(told_at__isnull=False, told_severity__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.finding_kind} on {self.system}"

    @property
    def has_news(self) -> bool:
        """Whether it was told, and showed something since that was not."""
        return self.told_at is not None and not set(self.news) <= set(self.told_news)


class MatchedAssets(models.Model):
    """The one row that says which version of the assets all open cases were matched against.

    Without a row, or a version in it, some may have been matched against others.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    version = models.UUIDField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(name="matched_assets_once", condition=Q(id=1))]

    def __str__(self) -> str:
        return str(self.version)
