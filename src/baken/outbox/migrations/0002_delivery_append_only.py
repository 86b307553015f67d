"""A finished delivery stays as it is, and none is deleted: the ledger is append-only."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION baken_delivery_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A delivery is never deleted (delivery %).', OLD.id;
    END IF;
    IF OLD.state <> 'sending' THEN
        RAISE EXCEPTION 'A finished delivery is never changed (delivery %, %).', OLD.id, OLD.state;
    END IF;
    IF (NEW.id, NEW.notification_id, NEW.attempt, NEW.channel, NEW.address, NEW.message_id,
        NEW.started_at)
       IS DISTINCT FROM
       (OLD.id, OLD.notification_id, OLD.attempt, OLD.channel, OLD.address, OLD.message_id,
        OLD.started_at) THEN
        RAISE EXCEPTION 'What a delivery intended is never changed (delivery %).', OLD.id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_is_append_only BEFORE UPDATE OR DELETE ON outbox_delivery
    FOR EACH ROW EXECUTE FUNCTION baken_delivery_is_append_only();
"""

BACKWARDS = """
DROP TRIGGER delivery_is_append_only ON outbox_delivery;
DROP FUNCTION baken_delivery_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
