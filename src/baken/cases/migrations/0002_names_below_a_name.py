from django.db import migrations, models
from django.db.models.functions import Collate


class Migration(migrations.Migration):
    """Two indexes that answer for a name with all below it; they are built anew, nothing else is."""

    dependencies = [
        ("cases", "0001_case_from_occasions"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                Collate(
                    models.Func(
                        models.F("host_name"),
                        output_field=models.TextField(),
                        template="reverse('.' || %(expressions)s)",
                    ),
                    "C",
                ),
                condition=models.Q(("host_name", ""), _negated=True),
                name="case_by_name",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                Collate(
                    models.Func(
                        models.F("email_domain"),
                        output_field=models.TextField(),
                        template="reverse('.' || %(expressions)s)",
                    ),
                    "C",
                ),
                condition=models.Q(("email_domain", ""), _negated=True),
                name="case_by_email",
            ),
        ),
    ]
