"""The addresses of the mass upload."""

from django.urls import path

from licenses.mass_upload import views

urlpatterns = [
    path("uploads/", views.bring, name="mass_uploads"),
    path("uploads/<int:pk>/", views.show_batch, name="mass_upload"),
    path("uploads/<int:pk>/confirm/", views.confirm, name="mass_upload_confirm"),
    path("uploads/<int:pk>/undo/", views.undo, name="mass_upload_undo"),
    path("uploads/<int:pk>/discard/", views.discard, name="mass_upload_discard"),
]
