from django.db import migrations, models


class Migration(migrations.Migration):
    # Expand only: the release before this one goes on working with the column in place. The model gets it one release later.
    dependencies = [("shop", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="product",
            name="price",
            field=models.DecimalField(max_digits=8, decimal_places=2, null=True),
        )
    ]
