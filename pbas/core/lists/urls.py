"""The addresses that all lists share; `name` is one of PANEL_LISTS."""

from django.urls import path, re_path

from pbas.core.lists import bulk_pages, pages

urlpatterns = [
    path("lists/<slug:name>/columns/", pages.choose_columns, name="list_columns"),
    path("lists/<slug:name>/views/", pages.save_view, name="list_views"),
    path("lists/<slug:name>/views/<int:pk>/delete/", pages.delete_view, name="list_view_delete"),
    re_path(r"^lists/(?P<name>[\w-]+)/export\.(?P<form>csv|xlsx)$", pages.export, name="list_export"),
    path("lists/<slug:name>/bulk/", bulk_pages.ask, name="list_bulk"),
    path("runs/", bulk_pages.list_runs, name="bulk_runs"),
    path("runs/<int:pk>/", bulk_pages.show_run, name="bulk_run"),
    path("runs/<int:pk>/progress/", bulk_pages.follow_run, name="bulk_run_progress"),
    path("runs/<int:pk>/stop/", bulk_pages.stop, name="bulk_run_stop"),
    path("runs/<int:pk>/results.csv", bulk_pages.download, name="bulk_run_results"),
]
