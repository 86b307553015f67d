"""The occasion of a told case is not checked once a case.

Planning holds the few occasions under which it plans, and a trigger refuses to remove one under
which anything was told.
"""

import django.db.models.deletion
from django.db import migrations, models

# Deferred, so that what removes an occasion with all that was told may do so in any order.
_REFUSE_REMOVAL = """
CREATE FUNCTION refuse_to_leave_told_cases() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM outbox_notifiedcase WHERE occasion_id = OLD.id) THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('Cases were told under occasion %s.', OLD.key),
            HINT = 'Close the occasion; what was told under it stays.';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER occasion_leaves_no_told_cases
AFTER DELETE OR UPDATE OF id ON occasions_occasion
DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION refuse_to_leave_told_cases()
"""
_AS_BEFORE = """
DROP TRIGGER occasion_leaves_no_told_cases ON occasions_occasion;
DROP FUNCTION refuse_to_leave_told_cases()
"""


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0018_checked_by_the_brake"),
        ("occasions", "0006_title_in_english"),
    ]

    operations = [
        migrations.AlterField(
            "notifiedcase",
            "occasion",
            models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notified",
                to="occasions.occasion",
            ),
        ),
        migrations.RunSQL(_REFUSE_REMOVAL, _AS_BEFORE),
    ]
