# ruff: noqa: RUF012
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assessment", "0002_own_pages"),
    ]

    operations = [
        migrations.AddField(
            model_name="link",
            name="touched_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
