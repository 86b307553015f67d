"""What a case showed when it was told, and what of it had been told before."""

import django.contrib.postgres.fields
from django.db import migrations, models

# What was told before this is not known. All that the case shows now is at least as much, so that
# nothing is told again as news when one of these is taken back.
_AT_LEAST_AS_MUCH = """
UPDATE outbox_notifiedcase AS told
SET told_before_news = c.told_news
FROM occasions_case AS c
WHERE c.id = told.case_id AND told.told_before_at IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("outbox", "0012_rounds"), ("cases", "0004_details_and_news")]

    operations = [
        migrations.AddField("notifiedcase", "details", models.JSONField(default=list)),
        migrations.AddField("notifiedcase", "details_more", models.PositiveIntegerField(default=0)),
        migrations.AddField(
            "notifiedcase",
            "told_before_news",
            django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list),
        ),
        migrations.RunSQL(_AT_LEAST_AS_MUCH, migrations.RunSQL.noop),
    ]
