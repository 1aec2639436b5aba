from django.db import models


class Note(models.Model):
    text = models.TextField()
    # Added by the second migration. It has a default, so the old version can go on inserting while the new one starts.
    pinned = models.BooleanField(default=False, db_default=False)
