"""A threat may have a title in English besides its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("occasions", "0005_case_moves_out")]

    operations = [
        migrations.AddField(
            "occasion",
            "title_en",
            models.CharField(
                blank=True, default="", help_text="in English; empty: as the title", max_length=200
            ),
            preserve_default=False,
        ),
    ]
