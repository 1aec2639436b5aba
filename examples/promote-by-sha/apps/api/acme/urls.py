from django.urls import include, path
from notes import views

urlpatterns = [
    path("healthz", views.healthz),
    path("notes", views.notes),
    path("", include("acme.marketing.urls")),
]
