"""The map of addresses."""

from allauth.account.decorators import secure_admin_login
from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib import admin
from django.urls import include, path
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from pbas.core import web
from pbas.core.api.problems import or_problem
from pbas.core.api.views import UnknownAddress

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign] # one login with one throttle

handler400 = or_problem(web.bad_request)
handler403 = or_problem(web.forbidden)
handler404 = or_problem(web.not_found)
handler500 = or_problem(web.failed)

# The one page that sets styles inline: its library does.
_swagger = SpectacularSwaggerSplitView.as_view(url_name="api-schema")
api_docs = csp_update({"style-src": [SELF, UNSAFE_INLINE]})(_swagger)

urlpatterns = [
    path("", include("licenses.urls")),
    path("", include("licenses.mass_upload.urls")),
    path("", include("licenses.plugin_pages.urls")),
    path("", include("licenses.ready_keys.urls")),
    path("", include("licenses.failing.urls")),
    path("", include("licenses.proving.urls")),
    path("", include("licenses.reconciling.urls")),
    path("", include("subscriptions.urls")),
    path("", include("subscriptions.customer_pages.urls")),
    path("", include("pbas.core.lists.urls")),
    path("", include("pbas.core.notices.urls")),
    path("theme/", web.choose_theme, name="theme"),
    path("language/", set_language, name="language"),
    path("", include("pbas.core.people.urls")),
    path("admin/", admin.site.urls),
    path("favicon.ico", web.favicon, name="favicon"),
    path("livez", web.livez, name="livez"),
    path("api/v1/", include("licenses.api.urls")),
    path("api/v1/", include("subscriptions.api.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/v1/docs/", api_docs, name="api-docs"),
    path("api/v1/", UnknownAddress.as_view(), name="api-unknown"),
    path("api/v1/<path:rest>", UnknownAddress.as_view(), name="api-unknown"),
]
