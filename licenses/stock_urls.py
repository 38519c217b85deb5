"""The addresses of the stock of ready keys."""

from django.urls import path

from licenses import stock_views

urlpatterns = [
    path("plugins/<int:pk>/stock/", stock_views.list_stock, name="stock"),
    path("plugins/<int:pk>/stock/<int:class_pk>/", stock_views.show_stock, name="class_stock"),
    path("plugins/<int:pk>/stock/<int:class_pk>/import/", stock_views.bring, name="class_stock_import"),
    path("plugins/<int:pk>/stock/<int:class_pk>/serve/", stock_views.serve_now, name="class_stock_serve"),
    path("stock-keys/<int:pk>/reveal/", stock_views.reveal, name="stock_key_reveal"),
    path("stock-keys/<int:pk>/take-out/", stock_views.remove, name="stock_key_take_out"),
]
