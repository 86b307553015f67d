"""The AS number of a case, and the version of the assets that cases were matched against.

With both, cases are matched again when the assets changed. Of earlier cases the number is known
where it made the match.
"""

from django.db import migrations, models

_OF_THE_ASSET = """
UPDATE occasions_case AS c SET asn = a.asn
FROM constituency_asset AS a WHERE a.id = c.asset_id AND a.asn IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_details_and_news"), ("constituency", "0002_asset_version")]

    operations = [
        migrations.AddField("case", "asn", models.BigIntegerField(null=True)),
        migrations.RunSQL(_OF_THE_ASSET, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="MatchedAssets",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("version", models.UUIDField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="matched_assets_once"
                    )
                ],
            },
        ),
    ]
