"""By what a case is known to be gone, apart from those that nobody looks at any more."""

from django.db import migrations, models

# Until now a case was gone only when its report type came without it.
_BY_ITS_REPORT_TYPE = "UPDATE occasions_case SET gone_reason = 'not-seen' WHERE state = 'gone'"
# Before this there was no such state: nobody knew, so it was open.
_AS_BEFORE = (
    "UPDATE occasions_case SET state = 'open', gone_at = NULL WHERE state = 'not-looked-at'"
)
_STATES = [("open", "open"), ("gone", "gone"), ("not-looked-at", "no longer looked at")]
_REASONS = [
    ("not-seen", "its report type came without it"),
    ("type-empty", "no file of its report type came, while others of the feed did"),
]


class Migration(migrations.Migration):
    dependencies = [("cases", "0006_systems_without_a_transport")]

    operations = [
        migrations.AlterField(
            "case", "state", models.CharField(choices=_STATES, default="open", max_length=16)
        ),
        migrations.AlterField(
            "case",
            "gone_at",
            models.DateTimeField(help_text="since when it is not open", null=True),
        ),
        migrations.AddField(
            "case",
            "gone_reason",
            models.CharField(blank=True, choices=_REASONS, db_default="", max_length=16),
        ),
        migrations.RunSQL(_BY_ITS_REPORT_TYPE, _AS_BEFORE),
    ]
