"""A threat bears a PAP label: who may notice what is asked about its systems."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("occasions", "0006_title_in_english")]

    operations = [
        migrations.AddField(
            "occasion",
            "pap",
            models.CharField(
                choices=[
                    ("PAP:CLEAR", "PAP:CLEAR"),
                    ("PAP:GREEN", "PAP:GREEN"),
                    ("PAP:AMBER", "PAP:AMBER"),
                    ("PAP:RED", "PAP:RED"),
                ],
                default="PAP:CLEAR",
                help_text="who may notice what we ask about its systems",
                max_length=16,
            ),
        ),
    ]
