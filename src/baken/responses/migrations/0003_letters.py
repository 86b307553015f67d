import django.db.models.deletion
from django.db import migrations, models

FORWARDS = """
CREATE FUNCTION baken_letter_fact_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What became of a letter is never changed or deleted (fact %).', OLD.id;
END $$;
CREATE TRIGGER letter_fact_is_append_only BEFORE UPDATE OR DELETE ON responses_letterfact
    FOR EACH ROW EXECUTE FUNCTION baken_letter_fact_is_append_only();
"""

BACKWARDS = """
DROP TRIGGER letter_fact_is_append_only ON responses_letterfact;
DROP FUNCTION baken_letter_fact_is_append_only();
"""


class Migration(migrations.Migration):
    """Letters in batches, and what became of each; what was recorded stays."""

    dependencies = [
        ("outbox", "0019_occasion_checked_by_set"),
        ("responses", "0002_answers"),
    ]

    operations = [
        migrations.CreateModel(
            name="LetterBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("made_at", models.DateTimeField()),
                (
                    "folder",
                    models.TextField(help_text="where its files go: a crash does not change that"),
                ),
                ("written_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name_plural": "letter batches",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                (
                    "notification",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="letter",
                        serialize=False,
                        to="outbox.notification",
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="letters",
                        to="responses.letterbatch",
                    ),
                ),
            ],
            options={
                "ordering": ["batch", "number"],
            },
        ),
        migrations.CreateModel(
            name="LetterFact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "fact",
                    models.CharField(
                        choices=[("sent", "posted"), ("returned", "came back")], max_length=8
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("undeliverable", "the address is not known"),
                            ("moved", "moved away"),
                            ("refused", "not taken"),
                            ("not-collected", "not collected"),
                        ],
                        max_length=16,
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
                (
                    "letter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="facts",
                        to="responses.letter",
                    ),
                ),
            ],
            options={
                "ordering": ["letter", "id"],
            },
        ),
        migrations.AddConstraint(
            model_name="letter",
            constraint=models.UniqueConstraint(
                fields=("batch", "number"), name="letter_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="letterfact",
            constraint=models.UniqueConstraint(fields=("letter", "fact"), name="letter_fact_once"),
        ),
        migrations.AddConstraint(
            model_name="letterfact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("fact", "returned"), ("reason__gt", "")),
                    models.Q(("fact", "sent"), ("reason", "")),
                    _connector="OR",
                ),
                name="letter_returned_why",
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
