"""The tables of what came in, what of it is stored, and what was removed since."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Batch(models.Model):
    """One report that was read, with what became of its rows."""

    feed = models.CharField(max_length=64)
    report_type = models.CharField(max_length=64)
    file_name = models.CharField(max_length=255)
    content_sha256 = models.CharField(max_length=64, help_text="of what it holds, unpacked")
    delivered_sha256 = models.CharField(max_length=64, help_text="of the file as it came")
    repeat = models.PositiveIntegerField(
        default=0, help_text="0 for the first time; counts when the same file is asked for again"
    )
    received_at = models.DateTimeField(db_default=Now())
    report_date = models.DateField(null=True, help_text="from the file's name")
    observed_from = models.DateTimeField(null=True)
    observed_until = models.DateTimeField(null=True)
    rows_read = models.BigIntegerField()
    rows_matched = models.BigIntegerField()
    rows_unmatched = models.BigIntegerField()
    rows_quarantined = models.BigIntegerField()
    warnings = ArrayField(models.TextField(), default=list)

    class Meta:
        ordering = ["-received_at", "-id"]
        verbose_name_plural = "batches"
        indexes = [
            models.Index(fields=["feed", "report_type", "-observed_until"], name="batch_by_type")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["feed", "content_sha256", "repeat"], name="batch_content_once"
            ),
            models.CheckConstraint(
                name="batch_nothing_lost",
                condition=Q(
                    rows_read=F("rows_matched") + F("rows_unmatched") + F("rows_quarantined")
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class QuarantinedRow(models.Model):
    """A row of a batch that could not be read, with where it stood and why."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="quarantined_rows")
    line = models.BigIntegerField()
    column = models.CharField(max_length=128, blank=True)
    value = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=64)
    explanation = models.TextField()

    class Meta:
        ordering = ["batch", "line"]
        indexes = [models.Index(fields=["batch", "line"], name="quarantined_by_line")]

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


class HintCount(models.Model):
    """How many rows of a batch name an organisation's domain only by a hint, and so not count.

    Counted when the batch was matched, against the assets of that day.
    """

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="hint_counts")
    organisation = models.ForeignKey(
        "constituency.Organisation", on_delete=models.CASCADE, related_name="hint_counts"
    )
    domain = models.CharField(max_length=255, help_text="the registered domain above the names")
    rows = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["batch", "organisation", "domain"]
        indexes = [models.Index(fields=["domain"], name="hint_count_by_domain")]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "organisation", "domain"], name="hint_counted_once"
            ),
            models.CheckConstraint(name="hint_count_has_rows", condition=Q(rows__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.domain}: {self.rows} rows"


class StoredFile(models.Model):
    """A file of observations in the store. What is not listed here is not read.

    The row outlives the file: when its days have passed, the counts stay.
    """

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="stored_files")
    feed = models.CharField(max_length=64)
    report_type = models.CharField(max_length=64)
    day = models.DateField(help_text="on which all of its rows were observed, UTC")
    path = models.CharField(max_length=255, unique=True, help_text="from the root of the store")
    rows = models.PositiveBigIntegerField()
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    observed_from = models.DateTimeField()
    observed_until = models.DateTimeField()
    finding_kinds = ArrayField(models.CharField(max_length=64))
    has_cves = models.BooleanField(help_text="at least one row names a CVE")
    written_at = models.DateTimeField(db_default=Now())
    expired_at = models.DateTimeField(
        null=True, help_text="since when it is not read: its days have passed, or it was replaced"
    )
    retention_run = models.ForeignKey(
        "RetentionRun",
        on_delete=models.PROTECT,
        related_name="stored_files",
        null=True,
        help_text="the run that counted it and removes it",
    )
    removed_at = models.DateTimeField(null=True, help_text="when the file itself was removed")

    class Meta:
        ordering = ["day", "feed", "path"]
        indexes = [
            models.Index(
                fields=["day", "feed"], name="stored_file_to_read", condition=Q(expired_at=None)
            ),
            models.Index(
                fields=["id"],
                name="stored_file_to_remove",
                condition=Q(expired_at__isnull=False, removed_at=None),
            ),
        ]
        constraints = [
            models.CheckConstraint(name="stored_file_has_rows", condition=Q(rows__gt=0)),
            models.CheckConstraint(
                name="stored_file_seen_in_order",
                condition=Q(observed_from__lte=F("observed_until")),
            ),
            models.CheckConstraint(
                name="stored_file_expired_then_counted",
                condition=Q(retention_run=None) | Q(expired_at__isnull=False),
            ),
            models.CheckConstraint(
                name="stored_file_counted_then_removed",
                condition=Q(removed_at=None) | Q(retention_run__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.path


class RetentionRun(models.Model):
    """One time that expired files were taken out of the store; its counts say how much."""

    ran_at = models.DateTimeField(db_default=Now())
    before = models.DateField(help_text="days before this one had expired")

    class Meta:
        ordering = ["-ran_at", "-id"]

    def __str__(self) -> str:
        return f"before {self.before}"


class RetentionCount(models.Model):
    """How much of one feed a run took out of the store."""

    run = models.ForeignKey(RetentionRun, on_delete=models.PROTECT, related_name="counts")
    feed = models.CharField(max_length=64)
    files = models.PositiveBigIntegerField()
    rows = models.PositiveBigIntegerField()
    size_bytes = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["run", "feed"]
        constraints = [
            models.UniqueConstraint(fields=["run", "feed"], name="retention_counted_once")
        ]

    def __str__(self) -> str:
        return f"{self.feed}: {self.files} files"


class StoreOwner(models.Model):
    """The name under which this database writes into the store; there is one.

    A store may be shared, or an address be mistaken: files under another name are left alone.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    key = models.CharField(max_length=8)

    class Meta:
        constraints = [
            models.CheckConstraint(name="store_owner_is_one", condition=Q(id=1)),
            models.CheckConstraint(
                name="store_owner_key_is_hexadecimal", condition=Q(key__regex="^[0-9a-f]{8}$")
            ),
        ]

    def __str__(self) -> str:
        return self.key
