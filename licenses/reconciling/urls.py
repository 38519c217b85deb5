"""The addresses of reconciliation."""

from django.urls import path

from licenses.reconciling import views

urlpatterns = [
    path("findings/", views.list_findings, name="findings"),
    path("findings/<int:pk>/", views.show_finding, name="finding"),
    *(
        path(f"findings/<int:pk>/{act}/", views.decide, {"act": act}, name=f"finding_{act}")
        for act in ("adopt", "terminate", "ignore")
    ),
    path("findings/<int:pk>/fetch/", views.fetch_anew, name="finding_fetch"),
    path("findings/<int:pk>/heed/", views.heed, name="finding_heed"),
    path("licenses/<int:pk>/finding/", views.show_finding_of_license, name="license_finding"),
    path("plugins/<int:pk>/reconciliation/", views.show_plugin, name="plugin_reconciling"),
    path("plugins/<int:pk>/reconciliation/progress/", views.show_progress, name="plugin_reconciling_progress"),
    path("plugins/<int:pk>/reconciliation/start/", views.reconcile_now, name="plugin_reconcile"),
    path("plugins/<int:pk>/classes/<int:class_pk>/cost/", views.set_cost, name="class_cost"),
]
