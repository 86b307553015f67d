import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The case moves here from occasions; its table stays as it is, with its name and its rows."""

    initial = True

    dependencies = [
        ("constituency", "0002_asset_version"),
        ("intake", "0002_stored_files_and_retention"),
        ("occasions", "0004_case_by_host_name_dropped"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Case",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("finding_kind", models.CharField(max_length=64)),
                        (
                            "system",
                            models.CharField(
                                help_text="203.0.113.7:3389/tcp, www.example.nl", max_length=300
                            ),
                        ),
                        (
                            "relation",
                            models.CharField(
                                choices=[("owner", "owner"), ("operator", "operator")], max_length=8
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[("open", "open"), ("gone", "gone")],
                                default="open",
                                max_length=8,
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
                        ("first_seen_at", models.DateTimeField()),
                        ("last_seen_at", models.DateTimeField()),
                        (
                            "reopened_at",
                            models.DateTimeField(
                                help_text="when it was seen after it was gone", null=True
                            ),
                        ),
                        ("gone_at", models.DateTimeField(null=True)),
                        ("sightings", models.PositiveBigIntegerField(default=0)),
                        ("rule", models.CharField(max_length=32)),
                        ("asset_value", models.CharField(max_length=255)),
                        (
                            "is_shared",
                            models.BooleanField(help_text="others hold the same narrowest asset"),
                        ),
                        ("feed", models.CharField(max_length=64)),
                        ("report_type", models.CharField(max_length=64)),
                        ("rsit_taxonomy", models.CharField(max_length=64)),
                        ("rsit_type", models.CharField(max_length=64)),
                        ("affected_role", models.CharField(max_length=16)),
                        ("address", models.GenericIPAddressField(null=True)),
                        ("port", models.PositiveIntegerField(null=True)),
                        ("transport", models.CharField(blank=True, max_length=8)),
                        ("host_name", models.CharField(blank=True, max_length=253)),
                        ("url", models.TextField(blank=True)),
                        ("email_domain", models.CharField(blank=True, max_length=253)),
                        (
                            "cves",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=32), default=list, size=None
                            ),
                        ),
                        ("product", models.TextField(blank=True)),
                        (
                            "tlp",
                            models.CharField(
                                choices=[
                                    ("TLP:CLEAR", "TLP:CLEAR"),
                                    ("TLP:GREEN", "TLP:GREEN"),
                                    ("TLP:AMBER", "TLP:AMBER"),
                                    ("TLP:AMBER+STRICT", "TLP:AMBER+STRICT"),
                                    ("TLP:RED", "TLP:RED"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("evidence", models.JSONField(default=dict)),
                        ("told_at", models.DateTimeField(null=True)),
                        (
                            "told_severity",
                            models.PositiveSmallIntegerField(
                                choices=[
                                    (0, "info"),
                                    (1, "low"),
                                    (2, "medium"),
                                    (3, "high"),
                                    (4, "critical"),
                                ],
                                null=True,
                            ),
                        ),
                        (
                            "asset",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="cases",
                                to="constituency.asset",
                            ),
                        ),
                        (
                            "batch",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="cases",
                                to="intake.batch",
                            ),
                        ),
                        (
                            "organisation",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="cases",
                                to="constituency.organisation",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "occasions_case",
                        "ordering": ["-severity", "organisation", "finding_kind", "system"],
                        "indexes": [models.Index(fields=["address"], name="case_by_address")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organisation", "finding_kind", "system"), name="case_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("first_seen_at__lte", models.F("last_seen_at"))
                                ),
                                name="case_seen_in_order",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("told_at", None), ("told_severity", None)),
                                    models.Q(
                                        ("told_at__isnull", False), ("told_severity__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                                name="case_told_whole",
                            ),
                        ],
                    },
                ),
            ],
        ),
    ]
