"""In which zone a message gives its times: a retry gives them in the same."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outbox", "0016_brake")]

    operations = [
        migrations.AddField(
            "notification",
            "time_zone",
            models.CharField(
                blank=True, db_default="", help_text="empty: the service's", max_length=64
            ),
        ),
    ]
