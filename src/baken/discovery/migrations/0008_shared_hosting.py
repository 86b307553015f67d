from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("discovery", "0007_registrant_requests"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="givenfilerecord",
            name="given_file_kind_known",
        ),
        migrations.AlterField(
            model_name="givenfilerecord",
            name="kind",
            field=models.CharField(
                choices=[
                    ("split-file", "split-file"),
                    ("delegated", "delegated"),
                    ("csirt-constituencies", "csirt-constituencies"),
                    ("register-extract", "register-extract"),
                    ("shared-hosting", "shared-hosting"),
                    ("rdap-bootstrap", "rdap-bootstrap"),
                    ("openpgp-keys", "openpgp-keys"),
                ],
                max_length=24,
            ),
        ),
        migrations.AddConstraint(
            model_name="givenfilerecord",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "split-file",
                            "delegated",
                            "csirt-constituencies",
                            "register-extract",
                            "shared-hosting",
                            "rdap-bootstrap",
                            "openpgp-keys",
                        ],
                    )
                ),
                name="given_file_kind_known",
            ),
        ),
    ]
