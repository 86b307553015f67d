"""In which zone a contact reads times; until it says so, in that of the service."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("constituency", "0005_rhythm_of_an_organisation")]

    operations = [
        migrations.AddField(
            "contact",
            "time_zone",
            models.CharField(
                blank=True,
                db_default="",
                help_text="in which its mails give times, by its IANA name; empty: the service's",
                max_length=64,
            ),
        ),
    ]
