import os

from django.db import connection
from django.http import JsonResponse

from notes.models import Note


def healthz(request):
    """Healthy means: this commit runs and reaches its database. The deploy compares `git_sha` with what it deployed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    sha = os.environ.get("GIT_SHA", "unknown")
    return JsonResponse({"git_sha": sha, "version": sha[:7]})


def notes(request):
    return JsonResponse({"notes": list(Note.objects.order_by("-pinned", "id").values("id", "text", "pinned"))})
