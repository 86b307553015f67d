"""Who asked us to stop without ever having signed up; and the secrets of the ledger."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0020_replies_can_be_erased"),
    ]

    operations = [
        migrations.CreateModel(
            name="LeftAlone",
            fields=[
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256, in hexadecimal",
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "asked_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={
                "ordering": ["asked_at"],
            },
        ),
        migrations.CreateModel(
            name="LedgerSecret",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                (
                    "answer_key",
                    models.CharField(help_text="256 bits, in hexadecimal", max_length=64),
                ),
                (
                    "address_salt",
                    models.CharField(help_text="256 bits, in hexadecimal", max_length=64),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="ledger_secret_once")
                ],
            },
        ),
    ]
