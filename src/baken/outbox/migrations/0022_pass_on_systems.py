"""What operators are asked to pass on, and what they answer."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("constituency", "0006_time_zone_of_a_contact"),
        ("occasions", "0006_title_in_english"),
        ("outbox", "0021_answers"),
    ]

    operations = [
        migrations.AddField(
            model_name="notification",
            name="is_pass_on",
            field=models.BooleanField(
                db_default=False,
                help_text="whether it asks an operator to pass on, and tells of no case",
            ),
        ),
        migrations.CreateModel(
            name="PassOnSystem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("finding_kind", models.CharField(max_length=64)),
                (
                    "system",
                    models.CharField(
                        blank=True, help_text="empty once it is forgotten", max_length=300
                    ),
                ),
                (
                    "severity",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "info"),
                            (1, "low"),
                            (2, "medium"),
                            (3, "high"),
                            (4, "critical"),
                        ]
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[("new", "new"), ("worse", "got worse"), ("reminder", "persists")],
                        max_length=8,
                    ),
                ),
                (
                    "seen",
                    models.TextField(
                        blank=True, help_text="core.passing_on.SystemToPassOn as JSON"
                    ),
                ),
                (
                    "code_digest",
                    models.CharField(
                        blank=True,
                        help_text="SHA-256 of the pass-on code, in hexadecimal",
                        max_length=64,
                    ),
                ),
                ("told_before_at", models.DateTimeField(null=True)),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("passed-on", "passed on to whoever uses the system"),
                            ("not-theirs", "the system is not in the operator's network"),
                        ],
                        max_length=10,
                    ),
                ),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "answered_how",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("page", "on the public page"),
                            ("staff", "told our people, who wrote it down"),
                        ],
                        max_length=5,
                    ),
                ),
                (
                    "notification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pass_on_systems",
                        to="outbox.notification",
                    ),
                ),
                (
                    "occasion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="asked_to_pass_on",
                        to="occasions.occasion",
                    ),
                ),
                (
                    "operator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="asked_to_pass_on",
                        to="constituency.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["notification", "-severity", "system", "id"],
                "indexes": [
                    models.Index(fields=["code_digest"], name="pass_on_system_by_code"),
                    models.Index(fields=["system"], name="pass_on_system_by_system"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("system", ""), _negated=True),
                        fields=("notification", "occasion", "finding_kind", "system"),
                        name="pass_on_system_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at", None), ("answered_how", "")),
                            models.Q(
                                models.Q(("answer", ""), _negated=True),
                                models.Q(("answered_how", ""), _negated=True),
                                ("answered_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="pass_on_system_answered_whole",
                    ),
                ],
            },
        ),
    ]
