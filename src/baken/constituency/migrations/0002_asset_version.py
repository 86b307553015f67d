"""A version of the assets that changes with them, so that what is made from them can be kept."""

from django.db import migrations, models

RENEW = """
CREATE FUNCTION constituency_renew_asset_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO constituency_assetversion (id, version) VALUES (1, gen_random_uuid())
    ON CONFLICT (id) DO UPDATE SET version = excluded.version;
    RETURN NULL;
END $$;
CREATE TRIGGER constituency_asset_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON constituency_asset
FOR EACH STATEMENT EXECUTE FUNCTION constituency_renew_asset_version();
INSERT INTO constituency_assetversion (id, version) VALUES (1, gen_random_uuid());
"""

NO_LONGER_RENEW = """
DROP TRIGGER constituency_asset_changed ON constituency_asset;
DROP FUNCTION constituency_renew_asset_version();
"""


class Migration(migrations.Migration):
    dependencies = [("constituency", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="AssetVersion",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("version", models.UUIDField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="asset_version_once")
                ],
            },
        ),
        migrations.RunSQL(RENEW, NO_LONGER_RENEW),
    ]
