from django.urls import path

from shop import views

urlpatterns = [
    path("api/health/", views.health),
    path("api/products/", views.products),
]
