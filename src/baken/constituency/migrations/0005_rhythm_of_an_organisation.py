"""How often an organisation is told of what is not urgent; until it says so, as the service does."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("constituency", "0004_route_inside_unsaid")]

    operations = [
        migrations.AddField(
            "organisation",
            "rhythm",
            models.CharField(
                blank=True,
                db_default="",
                help_text="how often what is not urgent goes out; empty: as the service does",
                max_length=8,
            ),
        ),
    ]
