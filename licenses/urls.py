"""The addresses of licenses and their requests."""

from django.urls import path

from licenses import comments, request_views, views, wizard_views
from licenses.wording import QUESTIONS

urlpatterns = [
    path("licenses/", views.list_licenses, name="licenses"),
    path("licenses/new/", wizard_views.new_license, name="new_license"),
    path("licenses/<int:pk>/", views.show_license, name="license"),
    path("licenses/<int:pk>/reveal/", views.reveal, name="license_reveal"),
    *(path(f"licenses/<int:pk>/{kind}/", views.ask, {"kind": kind}, name=f"license_{kind}") for kind in QUESTIONS),
    path("licenses/<int:pk>/change/", views.change, name="license_change"),
    path("licenses/<int:pk>/assign/", views.assign, name="license_assign"),
    path("license-files/<int:pk>/", views.download_file, name="license_file"),
    path("license-requests/", request_views.list_requests, name="license_requests"),
    path("license-requests/<int:pk>/", request_views.show_request, name="license_request"),
    path("license-requests/<int:pk>/changes/", request_views.follow_request, name="license_request_changes"),
    path("license-requests/<int:pk>/upload/", request_views.upload, name="license_request_upload"),
    path("license-requests/<int:pk>/target/", request_views.set_target, name="license_request_target"),
    path("license-requests/<int:pk>/adopt/", request_views.adopt, name="license_request_adopt"),
    path("license-requests/<int:pk>/candidate/", request_views.adopt_candidate, name="license_request_candidate"),
    path("license-requests/<int:pk>/order-again/", request_views.order_again, name="license_request_order_again"),
    path("license-requests/<int:pk>/ended/", request_views.ended, name="license_request_ended"),
    path("license-requests/<int:pk>/cancel/", request_views.cancel, name="license_request_cancel"),
    path("license-requests/<int:pk>/text/", request_views.show_text, name="license_request_text"),
    path("license-requests/<int:pk>/retry/", request_views.retry, name="license_request_retry"),
    path("license-requests/<int:pk>/install/", request_views.install, name="license_request_install"),
    path("license-requests/<int:pk>/hold/", request_views.hold, name="license_request_hold"),
    path("license-requests/<int:pk>/comment/", comments.comment_request, name="license_request_comment"),
    path("licenses/<int:pk>/comment/", comments.comment_license, name="license_comment"),
    path("license-requests/<int:pk>/release/", request_views.release, name="license_request_release"),
]
