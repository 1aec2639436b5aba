from django.db import migrations, models


class Migration(migrations.Migration):
    # Expand only: release v1 goes on working with this column in place.
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.AddField(model_name="item", name="note", field=models.TextField(null=True))]
