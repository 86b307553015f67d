"""A case knows what was last answered about it, and until when that stands."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0008_checked_by_set"),
        ("constituency", "0006_time_zone_of_a_contact"),
        ("intake", "0004_hint_counts"),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="answer",
            field=models.CharField(blank=True, db_default="", max_length=16),
        ),
        migrations.AddField(
            model_name="case",
            name="answer_until",
            field=models.DateTimeField(help_text="until when the answer stands", null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="answered_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", ""), ("answer_until", None), ("answered_at", None)),
                    models.Q(
                        models.Q(("answer", ""), _negated=True), ("answered_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="case_answered_whole",
            ),
        ),
    ]
