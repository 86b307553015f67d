"""A code to check a message by, and where each system was when it was told."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from baken.outbox.codes import new_code

_AT_ONCE = 2_000

_AS_THE_CASE_STANDS = """
UPDATE outbox_notifiedcase AS told
SET address = c.address, port = c.port, transport = c.transport,
    affected_role = c.affected_role, feed = c.feed, rule = c.rule
FROM occasions_case AS c
WHERE c.id = told.case_id
"""


def give_codes(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Codes for what was planned before; no message bore them."""
    notifications = apps.get_model("outbox", "Notification").objects
    portion = []
    for one in notifications.only("pk").order_by().iterator(chunk_size=_AT_ONCE):
        one.code = new_code()
        portion.append(one)
        if len(portion) == _AT_ONCE:
            notifications.bulk_update(portion, ["code"])
            portion.clear()
    notifications.bulk_update(portion, ["code"])


class Migration(migrations.Migration):
    dependencies = [("outbox", "0014_forgotten_refusal")]

    operations = [
        migrations.AddField(
            "notification", "code", models.CharField(max_length=14, null=True, unique=True)
        ),
        migrations.RunPython(give_codes, migrations.RunPython.noop),
        migrations.AlterField(
            "notification",
            "code",
            models.CharField(default=new_code, editable=False, max_length=14, unique=True),
        ),
        migrations.AddField("notifiedcase", "address", models.GenericIPAddressField(null=True)),
        migrations.AddField("notifiedcase", "port", models.PositiveIntegerField(null=True)),
        migrations.AddField(
            "notifiedcase", "transport", models.CharField(blank=True, max_length=8)
        ),
        migrations.AddField(
            "notifiedcase", "affected_role", models.CharField(blank=True, max_length=16)
        ),
        migrations.AddField("notifiedcase", "feed", models.CharField(blank=True, max_length=64)),
        migrations.AddField(
            "notifiedcase",
            "rule",
            models.CharField(blank=True, help_text="how the case was matched", max_length=32),
        ),
        migrations.RunSQL(_AS_THE_CASE_STANDS, migrations.RunSQL.noop),
    ]
