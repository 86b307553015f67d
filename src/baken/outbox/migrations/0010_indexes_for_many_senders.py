from django.db import migrations, models


class Migration(migrations.Migration):
    """What waits is claimed in its order, and what refused us lately is found among many."""

    dependencies = [("outbox", "0009_suppressed_address_of_any_channel")]

    operations = [
        migrations.RemoveIndex(model_name="notification", name="notification_waiting"),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("state", "planned")),
                fields=["-severity", "planned_at", "id"],
                name="notification_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "refused")),
                fields=["finished_at"],
                name="delivery_refused",
            ),
        ),
    ]
