import django.db.models.deletion
from django.db import migrations, models

_GUARD = """
CREATE OR REPLACE FUNCTION baken_delivery_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A delivery is never deleted (delivery %).', OLD.id;
    END IF;
    IF OLD.state <> 'sending' THEN
        RAISE EXCEPTION 'A finished delivery is never changed (delivery %, %).', OLD.id, OLD.state;
    END IF;
    IF (NEW.id, NEW.notification_id, NEW.attempt, NEW.channel, NEW.{column}, NEW.message_id,
        NEW.started_at)
       IS DISTINCT FROM
       (OLD.id, OLD.notification_id, OLD.attempt, OLD.channel, OLD.{column}, OLD.message_id,
        OLD.started_at) THEN
        RAISE EXCEPTION 'What a delivery intended is never changed (delivery %).', OLD.id;
    END IF;
    RETURN NEW;
END $$
"""
GUARD_SENDER = _GUARD.format(column="sender")
GUARD_ADDRESS = _GUARD.format(column="address")

# Constraints are checked at once, so that the tables can be altered after their rows.
CHECK_NOW = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED"

FILL_ADDRESSEES = """
INSERT INTO outbox_addressee (channel, address, name, provider)
SELECT DISTINCT channel, address, recipient_name, '' FROM outbox_notification
ORDER BY channel, address, recipient_name;
UPDATE outbox_notification AS n SET addressee_id = a.id
FROM outbox_addressee AS a
WHERE (a.channel, a.address, a.name) = (n.channel, n.address, n.recipient_name);
"""

# A contact had one mail address and one telephone number.
FILL_ROUTES = """
UPDATE outbox_notification AS n SET route_id = r.id
FROM constituency_route AS r
WHERE r.contact_id = n.contact_id AND r.channel = n.channel;
"""

FILL_OCCASIONS = """
UPDATE outbox_notifiedcase AS c SET occasion_id = n.occasion_id
FROM outbox_notification AS n WHERE n.id = c.notification_id;
"""

# Which replies were about the mail and not about its address stood in a pattern until now.
FILL_ABOUT = """
ALTER TABLE outbox_delivery DISABLE TRIGGER delivery_is_append_only;
UPDATE outbox_delivery SET about = CASE
    WHEN state <> 'refused' THEN ''
    WHEN reply ~ '(^|[^0-9.])(552|5\\.2\\.3|5\\.3\\.4|5\\.6\\.[0-9]+)([^0-9.]|$)' THEN 'message'
    ELSE 'address' END;
ALTER TABLE outbox_delivery ENABLE TRIGGER delivery_is_append_only;
"""

BACK_TO_COLUMNS = """
UPDATE outbox_notification AS n SET address = left(a.address, 254), recipient_name = a.name
FROM outbox_addressee AS a WHERE a.id = n.addressee_id;
UPDATE outbox_notification AS n SET contact_id = r.contact_id
FROM constituency_route AS r WHERE r.id = n.route_id;
UPDATE outbox_notification AS n SET occasion_id = (
    SELECT occasion_id FROM outbox_notifiedcase AS c WHERE c.notification_id = n.id
    ORDER BY severity DESC, id LIMIT 1
);
UPDATE outbox_delivery AS d SET address = n.address
FROM outbox_notification AS n WHERE n.id = d.notification_id;
"""
WITHOUT_GUARD = (
    "ALTER TABLE outbox_delivery DISABLE TRIGGER delivery_is_append_only;"
    "{}"
    "ALTER TABLE outbox_delivery ENABLE TRIGGER delivery_is_append_only;"
)


class Migration(migrations.Migration):
    """Addresses move to addressees, the contact becomes a route, the occasion goes to each case."""

    dependencies = [
        ("cases", "0001_case_from_occasions"),
        ("constituency", "0003_routes"),
        ("occasions", "0005_case_moves_out"),
        ("outbox", "0007_case_of_its_own_app"),
    ]

    operations = [
        migrations.CreateModel(
            name="Addressee",
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
                        blank=True, help_text="as it was when planned", max_length=500
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=200)),
                (
                    "provider",
                    models.CharField(
                        blank=True,
                        help_text="who receives for it: by MX, where it is mail",
                        max_length=253,
                    ),
                ),
                ("provider_found_at", models.DateTimeField(null=True)),
                ("erased_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("erased_at", None)),
                        fields=("channel", "address", "name"),
                        name="addressee_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("erased_at", None),
                            models.Q(("address", ""), ("name", "")),
                            _connector="OR",
                        ),
                        name="addressee_erased_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Provider",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=253, unique=True)),
                ("first_used_at", models.DateTimeField()),
                (
                    "next_at",
                    models.DateTimeField(help_text="when the next may be sent"),
                ),
                (
                    "slowed",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="how often the pace was halved since all went well",
                    ),
                ),
            ],
            options={"ordering": ["name"]},
        ),
        migrations.RunSQL(
            "CREATE SEQUENCE outbox_sender AS integer MINVALUE 1 CYCLE",
            "DROP SEQUENCE outbox_sender",
        ),
        migrations.AddField(
            model_name="notification",
            name="addressee",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notifications",
                to="outbox.addressee",
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="route",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="notifications",
                to="constituency.route",
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="claimed_by",
            field=models.PositiveIntegerField(
                help_text="the sender that prepares it; it counts while that one's lock is held",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="tried_at",
            field=models.DateTimeField(help_text="when it was last tried", null=True),
        ),
        migrations.AddField(
            model_name="notifiedcase",
            name="occasion",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notified",
                to="occasions.occasion",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="sender",
            field=models.PositiveIntegerField(
                default=0,
                help_text="who intended it; *sending* holds while that one's lock is held",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="about",
            field=models.CharField(
                blank=True,
                default="",
                help_text="what a failure is about: address, mailbox, message, us",
                max_length=8,
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(
            [FILL_ADDRESSEES, FILL_ROUTES, FILL_OCCASIONS, FILL_ABOUT, CHECK_NOW],
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name="notification",
            name="addressee",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notifications",
                to="outbox.addressee",
            ),
        ),
        migrations.AlterField(
            model_name="notifiedcase",
            name="occasion",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notified",
                to="occasions.occasion",
            ),
        ),
        migrations.RunSQL(GUARD_SENDER, GUARD_ADDRESS),
        # Backwards, the columns are filled between their coming back and their being required.
        migrations.AlterField(
            model_name="notification",
            name="occasion",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notifications",
                to="occasions.occasion",
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="address",
            field=models.CharField(default="", max_length=254),
        ),
        migrations.RunSQL(
            migrations.RunSQL.noop, [WITHOUT_GUARD.format(BACK_TO_COLUMNS), CHECK_NOW]
        ),
        migrations.RemoveField(model_name="notification", name="occasion"),
        migrations.RemoveField(model_name="notification", name="contact"),
        migrations.RemoveField(model_name="notification", name="address"),
        migrations.RemoveField(model_name="notification", name="recipient_name"),
        migrations.RemoveField(model_name="delivery", name="address"),
    ]
