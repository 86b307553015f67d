"""What a message says of a case is kept with the notification, so that a retry says the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import django.contrib.postgres.fields
from django.db import migrations, models

_FILL = """
    UPDATE outbox_notifiedcase AS told
    SET first_seen_at = c.first_seen_at, rsit_type = c.rsit_type, host_name = c.host_name,
        url = c.url, product = c.product, cves = c.cves, asset_value = c.asset_value,
        evidence = c.evidence
    FROM occasions_case AS c
    WHERE c.id = told.case_id
"""


def _added(name: str, field: models.Field[Any, Any]) -> migrations.AddField:
    return migrations.AddField("notifiedcase", name, field, preserve_default=False)


class Migration(migrations.Migration):
    dependencies = [
        ("occasions", "0002_fewer_indexes_on_cases"),
        ("outbox", "0004_notified_case_told_before"),
    ]

    operations = [
        _added("first_seen_at", models.DateTimeField(default=datetime(1970, 1, 1, tzinfo=UTC))),
        _added("rsit_type", models.CharField(max_length=64, default="")),
        _added("asset_value", models.CharField(max_length=255, default="")),
        _added("host_name", models.CharField(blank=True, max_length=253, default="")),
        _added("url", models.TextField(blank=True, default="")),
        _added("product", models.TextField(blank=True, default="")),
        migrations.AddField("notifiedcase", "cves", django.contrib.postgres.fields.ArrayField(
            base_field=models.CharField(max_length=32), default=list, size=None)),
        migrations.AddField("notifiedcase", "evidence", models.JSONField(default=dict)),
        migrations.AlterField("notifiedcase", "reason", models.CharField(
            choices=[
                ("new", "new"),
                ("worse", "got worse"),
                ("back", "came back after it was gone"),
                ("threat", "part of a threat"),
                ("reminder", "persists"),
            ],
            max_length=8,
        )),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
    ]  # fmt: skip
