"""The addresses of a customer's own pages, and of the button that gives him his login."""

from django.urls import path

from subscriptions.customer_pages import views

urlpatterns = [
    path("my/", views.list_subscriptions, name="my"),
    path("my/subscriptions/<int:pk>/", views.show_subscription, name="my_subscription"),
    path("my/licenses/<int:pk>/reveal/", views.reveal, name="my_reveal"),
    path("my/files/<int:pk>/", views.download, name="my_file"),
    path("store/orders/<str:token>/login/", views.join, name="store_login"),
]
