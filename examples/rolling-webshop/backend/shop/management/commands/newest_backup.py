import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Fails unless the newest file in a folder is young enough: no release without a fresh backup from outside."

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path)
        parser.add_argument("--within-minutes", type=int, required=True)

    def handle(self, *args, folder, within_minutes, **options):
        times = [file.stat().st_mtime for file in folder.glob("*.dump")] if folder.is_dir() else []
        if not times:
            raise CommandError(f"there is no *.dump in {folder}")
        age = int((time.time() - max(times)) / 60)
        if age > within_minutes:
            raise CommandError(f"the newest backup in {folder} is {age} minutes old, more than {within_minutes}")
        self.stdout.write(f"the newest backup in {folder} is {age} minutes old")
