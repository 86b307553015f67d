"""What a case was told before a notification is kept, so that taking it back can restore it."""

from django.db import migrations, models

SEVERITIES = [(0, "info"), (1, "low"), (2, "medium"), (3, "high"), (4, "critical")]


class Migration(migrations.Migration):
    dependencies = [("outbox", "0003_notification_withdrawn")]

    operations = [
        migrations.AddField(
            model_name="notifiedcase",
            name="told_before_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="notifiedcase",
            name="told_before_severity",
            field=models.PositiveSmallIntegerField(choices=SEVERITIES, null=True),
        ),
        migrations.AddConstraint(
            model_name="notifiedcase",
            constraint=models.CheckConstraint(
                name="notified_case_told_before_whole",
                condition=models.Q(told_before_at=None, told_before_severity=None)
                | models.Q(told_before_at__isnull=False, told_before_severity__isnull=False),
            ),
        ),
    ]
