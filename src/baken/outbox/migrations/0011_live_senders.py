from django.db import migrations

# The class is that of `baken.outbox.senders`.
LIVE_SENDERS = """
    CREATE VIEW outbox_live_sender AS
    SELECT objid::bigint AS number FROM pg_locks
    WHERE locktype = 'advisory' AND classid = 1650551653 AND objsubid = 2 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Migration(migrations.Migration):
    """Statements, and whoever looks with psql, ask by name which senders run now."""

    dependencies = [("outbox", "0010_indexes_for_many_senders")]

    operations = [migrations.RunSQL(LIVE_SENDERS, "DROP VIEW outbox_live_sender")]
