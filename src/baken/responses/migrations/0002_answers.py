"""What recipients answered; an answer, once given, stays. Only its text may be erased."""

import django.db.models.deletion
from django.db import migrations, models

FORWARDS = """
CREATE FUNCTION baken_answer_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.text = ''
        AND (NEW.id, NEW.notification_id, NEW.number, NEW.kind, NEW.how, NEW.answered_at)
        IS NOT DISTINCT FROM
        (OLD.id, OLD.notification_id, OLD.number, OLD.kind, OLD.how, OLD.answered_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'An answer is never changed or deleted (answer %).', OLD.id;
END $$;
CREATE TRIGGER answer_is_append_only BEFORE UPDATE OR DELETE ON responses_answer
    FOR EACH ROW EXECUTE FUNCTION baken_answer_is_append_only();
"""

BACKWARDS = """
DROP TRIGGER answer_is_append_only ON responses_answer;
DROP FUNCTION baken_answer_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0021_answers"),
        ("responses", "0001_calls"),
    ]

    operations = [
        migrations.CreateModel(
            name="Answer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("solved", "solved"),
                            ("working-on-it", "working on it"),
                            ("not-ours", "not ours"),
                            ("wrong-contact", "somebody else should get this"),
                            ("do-not-contact", "do not contact me again"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "text",
                    models.TextField(
                        blank=True, help_text="what was written besides; from outside"
                    ),
                ),
                ("how", models.CharField(choices=[("page", "on the public page")], max_length=8)),
                ("answered_at", models.DateTimeField()),
                (
                    "notification",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="outbox.notification",
                    ),
                ),
            ],
            options={
                "ordering": ["notification", "number"],
                "indexes": [models.Index(fields=["-answered_at"], name="answer_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("notification", "number"), name="answer_once")
                ],
            },
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
