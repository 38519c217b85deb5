"""The addresses of signing in and of the staff. Of what allauth brings, only this: sign-up says that it is closed."""

from allauth.account import views as account
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.usersessions import views as sessions
from django.urls import path, re_path

from pbas.core.people import signing_in, views

urlpatterns = [
    path("accounts/login/", signing_in.login, name="account_login"),
    path("accounts/kept/", signing_in.show_kept, name="kept_form"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/signup/", account.signup, name="account_signup"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("accounts/password/change/", account.password_change, name="account_change_password"),
    path("accounts/password/set/", account.password_set, name="account_set_password"),
    path("accounts/password/reset/", signing_in.password_reset, name="account_reset_password"),
    path("accounts/password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    path(
        "accounts/password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("accounts/sessions/", sessions.list_usersessions, name="usersessions_list"),
    path("accounts/2fa/", factor.index, name="mfa_index"),
    path("accounts/2fa/authenticate/", factor.authenticate, name="mfa_authenticate"),
    path("accounts/2fa/reauthenticate/", factor.reauthenticate, name="mfa_reauthenticate"),
    path("accounts/2fa/totp/activate/", totp.activate_totp, name="mfa_activate_totp"),
    path("accounts/2fa/totp/deactivate/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("accounts/2fa/recovery-codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("accounts/2fa/recovery-codes/generate/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("accounts/2fa/recovery-codes/download/", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("staff/", views.list_staff, name="staff"),
    path("staff/invite/", views.invite, name="staff_invite"),
    path("staff/<int:pk>/", views.show_member, name="staff_member"),
    path("staff/<int:pk>/role/", views.change_role, name="staff_role"),
    path("staff/<int:pk>/switch/", views.switch, name="staff_switch"),
    path("staff/<int:pk>/sessions/end/", views.end_all_sessions, name="staff_sessions"),
    path("staff/<int:pk>/link/", views.new_link, name="staff_link"),
    path("staff/<int:pk>/second-factor/remove/", views.remove_factor, name="staff_factor"),
    path("staff/<int:pk>/tokens/new/", views.new_token, name="staff_token"),
    path("staff/<int:pk>/tokens/<str:digest>/delete/", views.delete_token, name="staff_token_delete"),
]
