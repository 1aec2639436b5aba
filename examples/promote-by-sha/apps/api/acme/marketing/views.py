from django.http import Http404
from django.shortcuts import render

# Path of the site -> template below marketing/pages. The export writes these same pages as files.
PAGES = {"": "index.html", "pricing/": "pricing.html"}


def page(request, path=""):
    if path not in PAGES:
        raise Http404
    return render(request, f"marketing/pages/{PAGES[path]}")
