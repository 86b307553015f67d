from django.db import migrations, models


class Migration(migrations.Migration):
    """A suppressed address may be as long as that of any route: a URL."""

    dependencies = [("outbox", "0008_routes_and_addressees")]

    operations = [
        migrations.AlterField(
            model_name="suppression",
            name="address",
            field=models.CharField(max_length=500, unique=True),
        ),
    ]
