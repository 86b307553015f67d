from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("discovery", "0006_countries"),
    ]

    operations = [
        migrations.CreateModel(
            name="RegistrantRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("domain", models.CharField(max_length=253)),
                (
                    "asked_of",
                    models.CharField(help_text="the registry or registrar", max_length=200),
                ),
                (
                    "right",
                    models.CharField(
                        help_text="under which law or policy it was asked", max_length=500
                    ),
                ),
                ("asked_by", models.CharField(max_length=200)),
                ("asked_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(help_text="when an answer is wanted")),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("open", "no answer yet"),
                            ("given", "they said who registered it"),
                            ("refused", "they did not say it"),
                            ("withdrawn", "no answer is wanted any more"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="why they did not say it", max_length=500
                    ),
                ),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "closed_by",
                    models.CharField(blank=True, help_text="who recorded the end", max_length=200),
                ),
            ],
            options={
                "ordering": ["due_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at", None)),
                        fields=("domain", "asked_of"),
                        name="registrant_request_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("outcome__in", ["open", "given", "refused", "withdrawn"])
                        ),
                        name="registrant_request_outcome_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("closed_by", ""), ("outcome", "open")),
                            models.Q(
                                models.Q(("outcome", "open"), _negated=True),
                                ("closed_at__isnull", False),
                                models.Q(("closed_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="registrant_request_closed_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("right", ""), _negated=True),
                            models.Q(("asked_of", ""), _negated=True),
                            models.Q(("asked_by", ""), _negated=True),
                        ),
                        name="registrant_request_with_right",
                    ),
                ],
            },
        ),
    ]
