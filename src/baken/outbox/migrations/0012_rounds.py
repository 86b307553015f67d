from django.db import migrations, models

_REASONS = [
    ("new", "new"),
    ("worse", "got worse"),
    ("back", "came back after it was gone"),
    ("news", "showed something new"),
    ("threat", "part of a threat"),
    ("reminder", "persists"),
]


class Migration(migrations.Migration):
    """When everything was planned, also what is not urgent; a case may be told of something new."""

    dependencies = [("outbox", "0011_live_senders")]

    operations = [
        migrations.CreateModel(
            name="Round",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("held_at", models.DateTimeField(unique=True)),
            ],
            options={"ordering": ["-held_at"]},
        ),
        migrations.AlterField(
            model_name="notifiedcase",
            name="reason",
            field=models.CharField(choices=_REASONS, max_length=8),
        ),
    ]
