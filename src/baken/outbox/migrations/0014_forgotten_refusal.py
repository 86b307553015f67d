import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A refusal is forgotten by a row of its own; what was full lately is found among many."""

    dependencies = [("outbox", "0013_notified_case_details")]

    operations = [
        migrations.CreateModel(
            name="ForgottenRefusal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("forgotten_at", models.DateTimeField()),
                ("reason", models.TextField(help_text="who or what said so")),
                (
                    "is_of_everybody",
                    models.BooleanField(
                        default=False,
                        help_text="everybody was refused: the fault was taken as ours",
                    ),
                ),
                (
                    "delivery",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="forgotten",
                        to="outbox.delivery",
                    ),
                ),
            ],
            options={"ordering": ["id"]},
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("about", "mailbox")),
                fields=["finished_at"],
                name="delivery_full",
            ),
        ),
    ]
