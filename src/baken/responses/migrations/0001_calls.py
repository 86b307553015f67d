import django.db.models.deletion
from django.db import migrations, models

FORWARDS = """
CREATE FUNCTION baken_call_attempt_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'An attempt to call is never changed or deleted (attempt %).', OLD.id;
END $$;
CREATE TRIGGER call_attempt_is_append_only BEFORE UPDATE OR DELETE ON responses_callattempt
    FOR EACH ROW EXECUTE FUNCTION baken_call_attempt_is_append_only();
"""

BACKWARDS = """
DROP TRIGGER call_attempt_is_append_only ON responses_callattempt;
DROP FUNCTION baken_call_attempt_is_append_only();
"""


class Migration(migrations.Migration):
    """Who makes which call, and how each attempt went; an attempt, once recorded, stays."""

    initial = True

    dependencies = [
        ("outbox", "0019_occasion_checked_by_set"),
    ]

    operations = [
        migrations.CreateModel(
            name="Call",
            fields=[
                (
                    "notification",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="call",
                        serialize=False,
                        to="outbox.notification",
                    ),
                ),
                ("claimed_by", models.CharField(blank=True, max_length=100)),
                (
                    "claimed_until",
                    models.DateTimeField(help_text="when the claim lapses", null=True),
                ),
                (
                    "not_before",
                    models.DateTimeField(help_text="when it may be tried again", null=True),
                ),
                ("done_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["notification"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("claimed_by", ""), ("claimed_until", None)),
                            models.Q(
                                models.Q(("claimed_by", ""), _negated=True),
                                ("claimed_until__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="call_claimed_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("done_at", None), ("claimed_by", ""), _connector="OR"),
                        name="call_done_is_free",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CallAttempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("reached", "spoke to the person who is responsible"),
                            ("left-word", "left a message"),
                            ("no-answer", "nobody answered"),
                            ("call-back", "call back later"),
                            ("wrong-number", "wrong number"),
                            ("not-theirs", "they say that it is not theirs"),
                        ],
                        max_length=12,
                    ),
                ),
                ("made_by", models.CharField(max_length=100)),
                ("made_at", models.DateTimeField()),
                (
                    "call_again_at",
                    models.DateTimeField(help_text="when they asked to be called", null=True),
                ),
                (
                    "call",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempts",
                        to="responses.call",
                    ),
                ),
            ],
            options={
                "ordering": ["call", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("call", "number"), name="call_attempt_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("call_again_at", None), ("outcome", "call-back"), _connector="OR"
                        ),
                        name="call_attempt_called_back_when",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
