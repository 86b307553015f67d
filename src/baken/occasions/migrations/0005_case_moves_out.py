from django.db import migrations


class Migration(migrations.Migration):
    """The case has moved to the app cases; its table stays."""

    dependencies = [
        ("cases", "0001_case_from_occasions"),
        ("occasions", "0004_case_by_host_name_dropped"),
        ("outbox", "0007_case_of_its_own_app"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel(name="Case")],
        ),
    ]
