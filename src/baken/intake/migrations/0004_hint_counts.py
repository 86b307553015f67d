"""Count the rows that name an organisation only by a hint, which does not count."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("constituency", "0003_routes"),
        ("intake", "0003_delivered_hash"),
    ]

    operations = [
        migrations.CreateModel(
            name="HintCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "domain",
                    models.CharField(
                        help_text="the registered domain above the names", max_length=255
                    ),
                ),
                ("rows", models.PositiveBigIntegerField()),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hint_counts",
                        to="intake.batch",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hint_counts",
                        to="constituency.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["batch", "organisation", "domain"],
                "indexes": [models.Index(fields=["domain"], name="hint_count_by_domain")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("batch", "organisation", "domain"), name="hint_counted_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rows__gt", 0)), name="hint_count_has_rows"
                    ),
                ],
            },
        ),
    ]
