"""The addresses of the plug-in configurations."""

from django.urls import path

from licenses.plugin_pages import class_views, views

urlpatterns = [
    path("plugins/", views.list_plugins, name="plugins"),
    path("plugins/new/", views.new_plugin, name="new_plugin"),
    path("plugins/<int:pk>/", views.show_plugin, name="plugin"),
    path("plugins/<int:pk>/status/", views.show_status, name="plugin_status"),
    path("plugins/<int:pk>/check/", views.check, name="plugin_check"),
    path("plugins/<int:pk>/pause/", views.pause, name="plugin_pause"),
    path("plugins/<int:pk>/resume/", views.resume, name="plugin_resume"),
    path("plugins/<int:pk>/delete/", views.delete, name="plugin_delete"),
    path("plugins/<int:pk>/classes/", class_views.list_classes, name="plugin_classes"),
    path("plugins/<int:pk>/classes/<int:class_pk>/", class_views.show_class, name="plugin_class"),
    path("plugins/<int:pk>/classes/add/", class_views.add_class, name="plugin_classes_add"),
    path("plugins/<int:pk>/classes/update/", class_views.update_classes, name="plugin_classes_update"),
    path("plugins/<int:pk>/classes/import/", class_views.import_classes, name="plugin_classes_import"),
]
