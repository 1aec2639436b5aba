import json
import os
import socket

from django.http import HttpResponse, JsonResponse

from shop.models import Item

IDENTITY = {"git_sha": os.environ.get("GIT_SHA", ""), "version": os.environ.get("APP_VERSION", "")}


def home(request):
    return JsonResponse({**IDENTITY, "host": socket.gethostname()})


def healthz(request):
    """Says which commit serves. Does not ask the database: an outage there must not take the app down too."""
    is_draining = os.path.exists("/tmp/drain")
    return JsonResponse(IDENTITY, status=503 if is_draining else 200)


def login(request):
    return HttpResponse("<!doctype html><title>Log in</title><form method=post><input name=username></form>")


def items(request):
    """GET lists what the table has, with the columns that this release knows; POST {"name": …} adds one."""
    if request.method == "POST":
        Item.objects.create(name=json.loads(request.body)["name"])
    return JsonResponse({**IDENTITY, "items": list(Item.objects.order_by("id").values())})
