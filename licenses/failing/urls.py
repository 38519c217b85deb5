"""The addresses of failures, alerts and metrics."""

from django.urls import path

from licenses.failing import views

urlpatterns = [
    path("failures/", views.list_failures, name="failures"),
    path("failures/alerts/", views.list_alerts, name="alerts"),
    path("failures/<int:pk>/", views.show_failure, name="failure"),
    path("metrics", views.show_metrics, name="metrics"),
]
