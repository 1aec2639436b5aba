import json
import shutil
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand
from django.template.loader import render_to_string

from acme.marketing.views import PAGES


class Command(BaseCommand):
    help = "Writes what guests see as static files, with version.json that names the commit."

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path)
        parser.add_argument("--git-sha", required=True)

    def handle(self, folder, git_sha, **options):
        for path, template in PAGES.items():
            target = folder / path / "index.html"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(render_to_string(f"marketing/pages/{template}"))
        shutil.copytree(settings.BASE_DIR / "acme/static", folder / "static", dirs_exist_ok=True)
        (folder / "version.json").write_text(json.dumps({"git_sha": git_sha}))
        self.stdout.write(f"{len(PAGES)} pages in {folder}")
