from django.urls import path

from shop import views

urlpatterns = [
    path("", views.home),
    path("login/", views.login),
    path("healthz", views.healthz),
    path("items", views.items),
]
