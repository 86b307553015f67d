import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

COPY_ADDRESSES = """
INSERT INTO constituency_route (
    contact_id, channel, address, scope, is_inside, source, confidence, found_at, state
)
SELECT id, channel_of.channel, channel_of.address, 'owner', true, 'import', 100, created_at, 'active'
FROM constituency_contact, LATERAL (
    VALUES (1, 'mail', email), (2, 'phone', phone)
) AS channel_of (place, channel, address)
WHERE channel_of.address <> ''
ORDER BY id, channel_of.place;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED
"""

# The first route of each channel: a contact had room for one.
BRING_BACK_ADDRESSES = """
UPDATE constituency_contact AS c SET
    email = coalesce((
        SELECT address FROM constituency_route
        WHERE contact_id = c.id AND channel = 'mail' ORDER BY id LIMIT 1
    ), ''),
    phone = coalesce((
        SELECT address FROM constituency_route
        WHERE contact_id = c.id AND channel = 'phone' ORDER BY id LIMIT 1
    ), '')
"""


class Migration(migrations.Migration):
    """Mail address and telephone number of a contact become routes."""

    dependencies = [("constituency", "0002_asset_version")]

    operations = [
        migrations.CreateModel(
            name="Route",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("channel", models.CharField(max_length=16)),
                (
                    "address",
                    models.CharField(
                        help_text="a mail address, a telephone number in E.164, a URL, …",
                        max_length=500,
                    ),
                ),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("owner", "owner"),
                            ("host", "host"),
                            ("network", "network"),
                            ("name", "name"),
                        ],
                        default="owner",
                        max_length=8,
                    ),
                ),
                (
                    "is_inside",
                    models.BooleanField(default=True, help_text="the organisation's own address"),
                ),
                (
                    "source",
                    models.CharField(default="import", help_text="what told us", max_length=64),
                ),
                ("confidence", models.PositiveSmallIntegerField(default=100)),
                (
                    "found_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "valid_until",
                    models.DateTimeField(help_text="up to, not including", null=True),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "active"), ("ended", "ended")],
                        default="active",
                        max_length=8,
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="routes",
                        to="constituency.contact",
                    ),
                ),
            ],
            options={
                "ordering": ["contact", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("contact", "channel", "address"), name="route_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("address", ""), _negated=True),
                        name="route_leads_somewhere",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("channel", "phone"), _negated=True),
                            ("address__regex", "^\\+[1-9][0-9]{1,14}$"),
                            _connector="OR",
                        ),
                        name="route_phone_is_e164",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("confidence__lte", 100)),
                        name="route_confidence_is_a_percentage",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("scope__in", ["owner", "host", "network", "name"])),
                        name="route_scope_known",
                    ),
                ],
            },
        ),
        migrations.RunSQL(COPY_ADDRESSES, migrations.RunSQL.noop),
        migrations.RemoveConstraint(model_name="contact", name="contact_once"),
        migrations.RemoveConstraint(model_name="contact", name="contact_can_be_reached"),
        migrations.RemoveConstraint(model_name="contact", name="contact_phone_is_e164"),
        migrations.RemoveConstraint(model_name="contact", name="contact_channel_is_possible"),
        migrations.AlterField(
            model_name="contact",
            name="channel",
            field=models.CharField(
                choices=[
                    ("mail", "mail"),
                    ("phone", "phone"),
                    ("letter", "letter"),
                    ("webhook", "webhook"),
                    ("portal", "portal"),
                ],
                default="mail",
                help_text="preferred",
                max_length=16,
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, BRING_BACK_ADDRESSES),
        migrations.RemoveField(model_name="contact", name="email"),
        migrations.RemoveField(model_name="contact", name="phone"),
    ]
