"""A reply may hold an address: it can be taken out of a finished delivery, and nothing else can."""

from django.db import migrations

_GUARD = """
CREATE OR REPLACE FUNCTION baken_delivery_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A delivery is never deleted (delivery %).', OLD.id;
    END IF;
    {erasing}IF OLD.state <> 'sending' THEN
        RAISE EXCEPTION 'A finished delivery is never changed (delivery %, %).', OLD.id, OLD.state;
    END IF;
    IF (NEW.id, NEW.notification_id, NEW.attempt, NEW.channel, NEW.sender, NEW.message_id,
        NEW.started_at)
       IS DISTINCT FROM
       (OLD.id, OLD.notification_id, OLD.attempt, OLD.channel, OLD.sender, OLD.message_id,
        OLD.started_at) THEN
        RAISE EXCEPTION 'What a delivery intended is never changed (delivery %).', OLD.id;
    END IF;
    RETURN NEW;
END $$
"""
_ERASING = """IF NEW.reply = '' AND OLD.finished_at IS NOT NULL
        AND to_jsonb(NEW) - 'reply' = to_jsonb(OLD) - 'reply' THEN
        RETURN NEW;
    END IF;
    """


class Migration(migrations.Migration):
    dependencies = [("outbox", "0019_occasion_checked_by_set")]

    operations = [
        migrations.RunSQL(_GUARD.format(erasing=_ERASING), _GUARD.format(erasing="")),
    ]
