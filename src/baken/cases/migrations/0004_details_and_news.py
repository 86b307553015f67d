"""What a case ever showed, what of it counts as news, and what of that was told.

All that a told case shows when this is applied counts as told: what its last row says, under every
name that may be news. More than its kind counts as news does no harm there.
"""

import django.contrib.postgres.fields
from django.db import migrations, models
from django.db.models import ExpressionWrapper, F, Q

# The names and the way of writing are those of `baken.core.detail` and `baken.cases.details`.
_ALL_COUNTS_AS_TOLD = """
UPDATE occasions_case AS c
SET told_news = ARRAY(
    SELECT DISTINCT
        left(item, strpos(item, '=')) || left(lower(substr(item, strpos(item, '=') + 1)), 100)
    FROM (
        SELECT 'cve=' || cve FROM unnest(c.cves) AS cve
        UNION ALL
        SELECT 'cve=' || btrim(part)
        FROM regexp_split_to_table(c.evidence ->> 'tag', '[;,]') AS part
        UNION ALL
        SELECT 'tag=' || btrim(part)
        FROM regexp_split_to_table(c.evidence ->> 'tag', '[;,]') AS part
        UNION ALL
        SELECT 'family=' || btrim(value)
        FROM jsonb_each_text(c.evidence) AS said (name, value)
        WHERE name IN ('family', 'malware', 'infection')
        UNION ALL
        SELECT name || '=' || btrim(value)
        FROM jsonb_each_text(c.evidence) AS said (name, value)
        WHERE name IN ('badsecret_type', 'beacon_type', 'ransomware')
    ) AS shown (item)
)
WHERE c.told_at IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0003_address_role")]

    operations = [
        migrations.AddField(
            "case",
            "details",
            models.JSONField(
                default=list,
                db_default=[],
                help_text="the distinct values, with when and how often",
            ),
        ),
        migrations.AddField(
            "case",
            "details_more",
            models.PositiveIntegerField(
                default=0,
                db_default=0,
                help_text="how many values at least are not among `details`",
            ),
        ),
        migrations.AddField(
            "case",
            "news",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(),
                default=list,
                db_default=[],
                help_text="family=mirai: what counts as news of its kind",
            ),
        ),
        migrations.AddField(
            "case",
            "told_news",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(),
                default=list,
                db_default=[],
                help_text="of `news`, what was told",
            ),
        ),
        migrations.RunSQL(_ALL_COUNTS_AS_TOLD, migrations.RunSQL.noop),
        migrations.AddField(
            "case",
            "has_news",
            models.GeneratedField(
                expression=ExpressionWrapper(
                    Q(told_at__isnull=False) & ~Q(news__contained_by=F("told_news")),
                    output_field=models.BooleanField(),
                ),
                output_field=models.BooleanField(),
                db_persist=True,
                help_text="it was told, and showed something since that was not",
            ),
        ),
    ]
