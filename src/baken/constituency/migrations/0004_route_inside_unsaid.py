"""Whether a route's address is inside the organisation may be left unsaid: then its domain decides.

What the table contacts made was taken as inside without anybody saying so.
"""

from django.db import migrations, models

UNSAY = """
UPDATE constituency_route SET is_inside = NULL WHERE source = 'import' AND is_inside
"""
SAY_AS_BEFORE = """
UPDATE constituency_route SET is_inside = true WHERE is_inside IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("constituency", "0003_routes")]

    operations = [
        migrations.AlterField(
            model_name="route",
            name="is_inside",
            field=models.BooleanField(
                help_text="the organisation's own address; unsaid: when its domain is", null=True
            ),
        ),
        migrations.RunSQL(UNSAY, SAY_AS_BEFORE),
    ]
