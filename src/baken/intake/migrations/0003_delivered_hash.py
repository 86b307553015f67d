"""Batches are known by what they hold, unpacked; the hash of the file as it came is kept beside.

Of earlier batches only that one is known, so that it stands for both.
"""

from django.db import migrations, models

_AS_IT_CAME = "UPDATE intake_batch SET delivered_sha256 = content_sha256"


class Migration(migrations.Migration):
    dependencies = [("intake", "0002_stored_files_and_retention")]

    operations = [
        migrations.AddField(
            "batch",
            "delivered_sha256",
            models.CharField(default="", help_text="of the file as it came", max_length=64),
            preserve_default=False,
        ),
        migrations.RunSQL(_AS_IT_CAME, migrations.RunSQL.noop),
        migrations.AlterField(
            "batch",
            "content_sha256",
            models.CharField(help_text="of what it holds, unpacked", max_length=64),
        ),
    ]
