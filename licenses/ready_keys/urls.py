"""The addresses of ready keys."""

from django.urls import path

from licenses.ready_keys import views

urlpatterns = [
    path("ready-keys/", views.list_all, name="all_ready_keys"),
    path("plugins/<int:pk>/ready-keys/", views.list_classes, name="ready_keys"),
    path("plugins/<int:pk>/ready-keys/<int:class_pk>/", views.show_class, name="class_ready_keys"),
    path("plugins/<int:pk>/ready-keys/<int:class_pk>/import/", views.bring, name="ready_keys_import"),
    path("plugins/<int:pk>/ready-keys/<int:class_pk>/serve/", views.serve_now, name="ready_keys_serve"),
    path("ready-keys/<int:pk>/reveal/", views.reveal, name="ready_key_reveal"),
    path("ready-keys/<int:pk>/take-out/", views.remove, name="ready_key_take_out"),
]
