"""The addresses of notices."""

from django.urls import path

from pbas.core.notices import views

urlpatterns = [
    path("notices/", views.list_notices, name="notices"),
    path("notices/<int:pk>/", views.open_notice, name="notice"),
    path("notices/follow/", views.follow, name="notices_follow"),
]
