"""Nothing is checked or worked out for each of a million cases that are written at once.

Whether the organisation exists was looked up once a case. Whoever opens cases holds their
organisations now, once each, and a trigger refuses to remove one that has cases. Whether a case has
news follows from three of its columns, and is asked of those that planning looks at.
"""

import django.db.models.deletion
from django.db import migrations, models

# Deferred, so that what removes an organisation with its cases may do so in any order.
_REFUSE_REMOVAL = """
CREATE FUNCTION refuse_to_leave_cases() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM occasions_case WHERE organisation_id = OLD.id) THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('Organisation %s has cases, which would be left without one.', OLD.id),
            HINT = 'Remove its cases in the same transaction.';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER organisation_leaves_no_cases
AFTER DELETE OR UPDATE OF id ON constituency_organisation
DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION refuse_to_leave_cases()
"""
_AS_BEFORE = """
DROP TRIGGER organisation_leaves_no_cases ON constituency_organisation;
DROP FUNCTION refuse_to_leave_cases()
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0007_gone_or_not_looked_at"),
        ("constituency", "0002_asset_version"),
    ]

    operations = [
        migrations.RemoveField("case", "has_news"),
        migrations.AlterField(
            "case",
            "organisation",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="cases",
                to="constituency.organisation",
            ),
        ),
        migrations.RunSQL(_REFUSE_REMOVAL, _AS_BEFORE),
    ]
