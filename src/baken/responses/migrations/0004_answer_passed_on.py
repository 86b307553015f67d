"""An operator may answer that it passed on what it was asked to."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("responses", "0003_letters"),
    ]

    operations = [
        migrations.AlterField(
            model_name="answer",
            name="kind",
            field=models.CharField(
                choices=[
                    ("solved", "solved"),
                    ("working-on-it", "working on it"),
                    ("not-ours", "not ours"),
                    ("wrong-contact", "somebody else should get this"),
                    ("do-not-contact", "do not contact me again"),
                    ("passed-on", "passed on, says an operator that was asked to"),
                ],
                max_length=16,
            ),
        ),
    ]
