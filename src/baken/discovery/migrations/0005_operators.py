"""Operators, and what was seen of the systems that they are asked to pass on."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("constituency", "0006_time_zone_of_a_contact"),
        ("discovery", "0004_disowned"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="discoveredidentity",
            name="discovered_identity_once",
        ),
        migrations.RemoveConstraint(
            model_name="discoveredidentity",
            name="discovered_identity_scheme_known",
        ),
        migrations.AddField(
            model_name="discoveredidentity",
            name="is_operator",
            field=models.BooleanField(db_default=False),
        ),
        migrations.AddField(
            model_name="soughtsystem",
            name="operator",
            field=models.ForeignKey(
                help_text="who is asked to pass it on",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="systems_to_pass_on",
                to="constituency.organisation",
            ),
        ),
        migrations.AddField(
            model_name="soughtsystem",
            name="read_at",
            field=models.DateTimeField(help_text="when that was read from the store", null=True),
        ),
        migrations.AddField(
            model_name="soughtsystem",
            name="read_with",
            field=models.UUIDField(help_text="the version of the constituency then", null=True),
        ),
        migrations.AddField(
            model_name="soughtsystem",
            name="to_pass_on",
            field=models.TextField(
                blank=True, db_default="", help_text="core.passing_on.SystemToPassOn as JSON"
            ),
        ),
        migrations.AlterField(
            model_name="discoveredidentity",
            name="scheme",
            field=models.CharField(help_text="handle, domain, network or as-number", max_length=12),
        ),
        migrations.AddConstraint(
            model_name="discoveredidentity",
            constraint=models.UniqueConstraint(
                fields=("is_operator", "scheme", "value"), name="discovered_identity_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="discoveredidentity",
            constraint=models.CheckConstraint(
                condition=models.Q(("scheme__in", ["handle", "domain", "network", "as-number"])),
                name="discovered_identity_scheme_known",
            ),
        ),
    ]
