"""The API alone, as `pbas.urls` hangs it in."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from pbas.core.api.views import UnknownAddress

urlpatterns = [
    path("api/v1/", include("subscriptions.api.urls")),
    path("api/v1/", include("licenses.api.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/v1/<path:rest>", UnknownAddress.as_view()),
]
