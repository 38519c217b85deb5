"""The addresses of this leg: the panel's pages, and the store's public ones."""

from django.urls import path

from subscriptions import store
from subscriptions.views import dashboard, ending, orders, plans, search, subscriptions

urlpatterns = [
    path("", dashboard.show_dashboard, name="dashboard"),
    path("activity/", dashboard.list_events, name="activity"),
    path("search/", search.search, name="search"),
    path("shortcuts/", search.show_shortcuts, name="shortcuts"),
    path("subscriptions/", subscriptions.list_subscriptions, name="subscriptions"),
    path("subscriptions/<int:pk>/", subscriptions.show_subscription, name="subscription"),
    path("subscriptions/<int:pk>/end/", ending.end, name="subscription_end"),
    path("subscriptions/<int:pk>/target/", subscriptions.set_target, name="subscription_target"),
    path("subscriptions/<int:pk>/services/<slug:name>/ready/", subscriptions.mark_ready, name="service_ready"),
    path("subscriptions/<int:pk>/services/<slug:name>/failed/", subscriptions.mark_failed, name="service_failed"),
    path("orders/", orders.list_orders, name="orders"),
    path("orders/<slug:number>/", orders.show_order, name="order"),
    path("orders/<slug:number>/pay/", orders.pay, name="order_pay"),
    path("orders/<slug:number>/cancel/", orders.cancel, name="order_cancel"),
    path("plans/", plans.list_plans, name="plans"),
    path("plans/new/", plans.new_plan, name="new_plan"),
    path("plans/<slug:code>/", plans.show_plan, name="plan"),
    path("plans/<slug:code>/edit/", plans.edit_plan, name="plan_edit"),
    path("plans/<slug:code>/licenses/<int:pk>/options/", plans.edit_options, name="plan_options"),
    path("store/", store.show_plans, name="store"),
    path("store/plans/<slug:code>/", store.show_plan, name="store_plan"),
    path("store/plans/<slug:code>/checkout/", store.check_out, name="store_checkout"),
    path("store/orders/<str:token>/", store.show_order, name="store_order"),
    path("store/orders/<str:token>/payment/", store.pay, name="store_payment"),
    path("store/orders/<str:token>/cancel/", store.cancel, name="store_cancel"),
]
