"""Whose side the address of a case is on; for cases made before, by the part it played."""

from django.db import migrations, models

_FROM_THE_PART_IT_PLAYED = """
UPDATE occasions_case SET address_role = CASE affected_role
    WHEN 'service' THEN 'vulnerable'
    WHEN 'source' THEN 'abused'
    WHEN 'site' THEN 'abused'
    ELSE 'victim'
END
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_names_below_a_name")]

    operations = [
        migrations.AddField(
            "case",
            "address_role",
            models.CharField(max_length=20, default="vulnerable"),
            preserve_default=False,
        ),
        migrations.RunSQL(_FROM_THE_PART_IT_PLAYED, migrations.RunSQL.noop),
    ]
