from django.db import migrations, models

_STATES = [
    ("owner", "an owner is known and can be reached"),
    ("operator", "only an operator can be asked to pass on"),
    ("handed-over", "another CSIRT warns"),
    ("by-hand", "a person has to do something"),
    ("nobody", "nobody was found"),
]


class Migration(migrations.Migration):
    dependencies = [("discovery", "0003_register_numbers")]

    operations = [
        migrations.CreateModel(
            name="Disowned",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("system", models.CharField(max_length=300)),
                (
                    "identity",
                    models.CharField(help_text="core.identity.Identity as text", max_length=320),
                ),
                ("said_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "disowned systems",
                "ordering": ["system", "identity"],
            },
        ),
        migrations.AddConstraint(
            model_name="disowned",
            constraint=models.UniqueConstraint(fields=("system", "identity"), name="disowned_once"),
        ),
        migrations.AlterField(
            model_name="soughtsystem",
            name="state",
            field=models.CharField(
                choices=[*_STATES, ("disowned", "who was told said that it is not theirs")],
                max_length=12,
            ),
        ),
    ]
