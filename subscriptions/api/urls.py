from rest_framework.routers import SimpleRouter

from subscriptions.api.views import AccountViewSet, OrderViewSet, PlanViewSet, SubscriptionViewSet

router = SimpleRouter(use_regex_path=False)
router.register("plans", PlanViewSet, "api-plan")
router.register("accounts", AccountViewSet, "api-account")
router.register("orders", OrderViewSet, "api-order")
router.register("subscriptions", SubscriptionViewSet, "api-subscription")

urlpatterns = router.urls
