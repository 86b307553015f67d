"""A notification may be withdrawn before it was handed over."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outbox", "0002_delivery_append_only")]

    operations = [
        migrations.AlterField(
            model_name="notification",
            name="state",
            field=models.CharField(
                choices=[
                    ("planned", "waiting to be handed over"),
                    ("accepted", "accepted by the mail server"),
                    ("refused", "refused for good"),
                    ("withdrawn", "withdrawn before it was handed over"),
                ],
                default="planned",
                max_length=9,
            ),
        ),
        migrations.RunSQL(
            migrations.RunSQL.noop,
            # The word did not exist before; both mean that nobody got it.
            "UPDATE outbox_notification SET state = 'refused' WHERE state = 'withdrawn'",
        ),
    ]
