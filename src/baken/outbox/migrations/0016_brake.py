import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What is far more than usual waits for a person."""

    dependencies = [("outbox", "0015_code_and_where")]

    operations = [
        migrations.CreateModel(
            name="Brake",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("put_on_at", models.DateTimeField()),
                (
                    "would_tell",
                    models.PositiveIntegerField(help_text="what would have gone out that day"),
                ),
                ("usual", models.PositiveIntegerField(help_text="what goes out on a usual day")),
                ("released_at", models.DateTimeField(null=True)),
            ],
            options={"ordering": ["-put_on_at"]},
        ),
        migrations.AddConstraint(
            model_name="brake",
            constraint=models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(("released_at", None)),
                name="brake_one_at_a_time",
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="brake",
            field=models.ForeignKey(
                db_index=False,
                help_text="what held it back until a person looked",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notifications",
                to="outbox.brake",
            ),
        ),
    ]
