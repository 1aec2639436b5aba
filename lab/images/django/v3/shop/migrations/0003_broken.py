from django.db import migrations


class Migration(migrations.Migration):
    # Fails on purpose: the table does not exist.
    dependencies = [("shop", "0002_item_note")]
    operations = [migrations.RunSQL("ALTER TABLE shop_no_such_table ADD COLUMN price numeric")]
