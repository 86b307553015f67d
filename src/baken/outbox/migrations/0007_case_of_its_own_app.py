import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A notified case points to the case in its new app: the same row of the same table."""

    dependencies = [
        ("cases", "0001_case_from_occasions"),
        ("outbox", "0006_notified_case_by_one_index"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="notifiedcase",
                    name="case",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notified",
                        to="cases.case",
                    ),
                ),
            ],
        ),
    ]
