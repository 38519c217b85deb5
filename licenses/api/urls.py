from rest_framework.routers import SimpleRouter

from licenses.api.views import RequestViewSet
from licenses.api.views_findings import FindingViewSet
from licenses.api.views_licenses import LicenseViewSet
from licenses.api.views_plugins import ClassViewSet, PluginViewSet
from licenses.api.views_ready_keys import ReadyKeysViewSet

router = SimpleRouter(use_regex_path=False)
router.register("license-requests", RequestViewSet, "api-request")
router.register("licenses", LicenseViewSet, "api-license")
router.register("plugins", PluginViewSet, "api-plugin")
router.register("findings", FindingViewSet, "api-finding")
router.register("plugins/<int:plugin>/classes", ClassViewSet, "api-class")
router.register("plugins/<int:plugin>/ready-keys", ReadyKeysViewSet, "api-ready-keys")

urlpatterns = router.urls
