"""The tables of what came in."""

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
    content_sha256 = models.CharField(max_length=64)
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
