"""The addresses of a license's proof."""

from django.urls import path

from licenses.proving import views

urlpatterns = [
    path("licenses/<int:pk>/proof/", views.show_proof, name="license_proof"),
    path("licenses/<int:pk>/proof/now/", views.prove, name="license_prove"),
    path("licenses/<int:pk>/reinstall/", views.reinstall, name="license_reinstall"),
]
