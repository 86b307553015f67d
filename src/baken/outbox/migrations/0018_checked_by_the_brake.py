"""Whether the brake looked at a notification: no sender claims one before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outbox", "0017_time_zone_of_a_notification")]

    operations = [
        migrations.AddField(
            "notification",
            "is_brake_checked",
            models.BooleanField(
                db_default=False,
                help_text="whether it may be claimed, unless the brake holds it",
            ),
        ),
    ]
