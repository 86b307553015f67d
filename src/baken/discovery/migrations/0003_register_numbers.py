from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("discovery", "0002_case_opened_at"),
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
                        ["address", "name", "domain", "as-number", "holder", "register-number"],
                    )
                ),
                name="kept_answer_subject_known",
            ),
        ),
        # Before this nobody asked about such numbers; what was answered can be asked again.
        migrations.RunSQL(
            migrations.RunSQL.noop,
            "DELETE FROM discovery_keptanswer WHERE subject_kind = 'register-number'",
        ),
    ]
