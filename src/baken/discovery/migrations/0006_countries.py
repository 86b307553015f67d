from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("discovery", "0005_operators"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="keptanswer",
            name="kept_answer_subject_known",
        ),
        migrations.AddConstraint(
            model_name="keptanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "subject_kind__in",
                        [
                            "address",
                            "name",
                            "domain",
                            "as-number",
                            "holder",
                            "register-number",
                            "country",
                        ],
                    )
                ),
                name="kept_answer_subject_known",
            ),
        ),
        # Before this nobody asked about a country; what was answered can be asked again.
        migrations.RunSQL(
            migrations.RunSQL.noop,
            "DELETE FROM discovery_keptanswer WHERE subject_kind = 'country'",
        ),
    ]
