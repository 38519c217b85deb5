"""The one table that says who may open which address, and the middleware that asks it. What has no line is refused.

A new address needs a line here: its name, and which right its GET and its POST need (or PUBLIC, or SIGNED_IN).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.core.exceptions import ImproperlyConfigured

from pbas.core.rights import BACK_OFFICE, CONFIGURE, OPERATE, REVEAL, SELL, STAFF, VIEW, rights_of

PUBLIC, SIGNED_IN = "public", "signed in"  # no login; any login, a customer's too: the page shows what is his

Need = frozenset[str]  # one of these is enough; none: nobody may


class Line(NamedTuple):
    """What one address needs to be read, and to be sent something."""

    get: Need = frozenset()
    post: Need = frozenset()


def _lines(names: str, *, get: str = "", post: str = "") -> dict[str, Line]:
    line = Line(frozenset(get.split("|")) - {""}, frozenset(post.split("|")) - {""})
    return dict.fromkeys(names.split(), line)


SALE = f"{VIEW}|{SELL}"

PAGES: dict[str, Line] = {
    # read by everybody of the staff
    **_lines(
        "dashboard activity failures alerts failure"
        " licenses license license_requests license_request license_request_changes"
        " license_request_text subscriptions subscription orders order plans plan plugins plugin_status"
        " plugin_class ready_keys all_ready_keys list_export bulk_runs bulk_run bulk_run_progress bulk_run_results"
        " license_proof failures failure alerts shortcuts findings finding license_finding plugin_reconciling"
        " plugin_reconciling_progress mass_upload notices notice notices_follow",
        get=VIEW,
    ),
    **_lines("list_columns search", get=VIEW, post=VIEW),  # how somebody likes his own lists
    **_lines("list_views list_view_delete", post=VIEW),
    # work on requests, licenses, orders and subscriptions
    **_lines(
        "new_license license_renew license_suspend license_resume license_terminate license_change license_assign"
        " license_request_order_again license_request_cancel license_request_ended subscription_end ready_keys_import"
        " mass_uploads mass_upload_undo finding_adopt finding_terminate finding_ignore",
        get=OPERATE,
        post=OPERATE,
    ),
    **_lines(
        "license_request_upload license_request_target license_request_adopt license_request_retry"
        " license_request_install license_request_hold license_request_release list_bulk bulk_run_stop"
        " license_request_candidate license_request_comment license_comment license_reinstall license_prove"
        " subscription_target service_ready"
        " service_failed order_pay order_cancel ready_keys_serve ready_key_take_out"
        " mass_upload_confirm mass_upload_discard finding_fetch finding_heed plugin_reconcile",
        post=OPERATE,
    ),
    # secrets in clear
    **_lines("license_reveal ready_key_reveal", post=REVEAL),
    **_lines("license_file", get=REVEAL),
    # what the panel sells, and from whom
    **_lines("plugin plugin_classes class_ready_keys", get=VIEW, post=CONFIGURE),
    **_lines(
        "new_plugin plugin_delete plugin_classes_import new_plan plan_edit plan_options class_cost",
        get=CONFIGURE,
        post=CONFIGURE,
    ),
    **_lines(
        "plugin_check plugin_pause plugin_resume plugin_classes_add plugin_classes_update",
        post=CONFIGURE,
    ),
    # people
    **_lines("staff staff_member", get=STAFF),
    **_lines("staff_invite", get=STAFF, post=STAFF),
    **_lines(
        "staff_role staff_switch staff_sessions staff_link staff_factor staff_token staff_token_delete",
        post=STAFF,
    ),
    # everybody's own account
    **_lines(
        "account_logout account_change_password account_set_password account_reauthenticate kept_form"
        " usersessions_list mfa_index"
        " mfa_activate_totp mfa_deactivate_totp mfa_reauthenticate mfa_view_recovery_codes"
        " mfa_generate_recovery_codes mfa_download_recovery_codes",
        get=SIGNED_IN,
        post=SIGNED_IN,
    ),
    # customers
    **_lines("my my_subscription", get=SIGNED_IN),
    **_lines("my_file", get=SIGNED_IN),
    **_lines("my_reveal", post=SIGNED_IN),
    # nobody has to sign in
    **_lines(
        "store store_plan store_checkout store_order store_payment store_cancel store_login"
        " theme language favicon livez metrics"
        " account_login account_signup account_inactive account_reset_password account_reset_password_done"
        " account_reset_password_from_key account_reset_password_from_key_done mfa_authenticate",
        get=PUBLIC,
        post=PUBLIC,
    ),
}

# The API asks for itself, once it knows whose token it was given.
API: dict[str, Line] = {
    **_lines("api-schema api-docs", get=PUBLIC),
    **_lines("api-unknown", get=SALE, post=SALE),
    **_lines("api-request-list", get=SALE, post=OPERATE),
    **_lines("api-request-detail api-license-list api-license-detail", get=SALE),
    **_lines(
        "api-request-adopt api-request-cancel api-request-hold api-request-install api-request-order-again"
        " api-request-release api-request-retry api-request-upload api-request-ended",
        post=OPERATE,
    ),
    **_lines(
        "api-license-change api-license-renew api-license-terminate api-license-suspend api-license-resume",
        post=f"{OPERATE}|{SELL}",
    ),
    **_lines("api-license-assign api-license-reinstall api-license-prove", post=OPERATE),
    **_lines("api-license-files", get=f"{REVEAL}|{SELL}"),
    **_lines("api-plugin-list api-plugin-detail api-class-list api-class-detail", get=VIEW, post=CONFIGURE),
    **_lines("api-ready-keys-list api-ready-keys-detail", get=VIEW, post=CONFIGURE),
    **_lines("api-ready-keys-bring", post=OPERATE),
    **_lines("api-plugin-check api-plugin-fetch-classes api-plugin-pause api-plugin-resume", post=CONFIGURE),
    **_lines("api-finding-list api-finding-detail api-request-candidates", get=VIEW),
    **_lines("api-plugin-reconcile", get=VIEW, post=OPERATE),
    **_lines("api-finding-adopt api-finding-terminate api-finding-fetch api-finding-ignore", post=OPERATE),
    **_lines("api-plan-list api-plan-detail", get=SALE, post=CONFIGURE),
    **_lines("api-account-list api-account-detail api-order-list api-order-detail", get=SALE, post=SELL),
    **_lines("api-subscription-list api-subscription-detail", get=SALE),
    **_lines("api-order-cancel api-order-pay", post=f"{OPERATE}|{SELL}"),
    **_lines("api-subscription-end api-subscription-failed api-subscription-ready", post=f"{OPERATE}|{SELL}"),
}

TABLE = {**PAGES, **API}
_BACK_OFFICE = Line(frozenset({BACK_OFFICE}), frozenset({BACK_OFFICE}))

# Who comes here must have signed in, or confirmed that it is he, a short while ago.
FRESH = {
    *("license_reveal", "license_file", "ready_key_reveal", "my_reveal", "my_file"),
    *("staff_link", "staff_factor", "staff_token"),
}


def line_of(name: str) -> Line | None:
    """The line of an address, by its name; None where the table has none."""
    return _BACK_OFFICE if name.startswith("admin:") else TABLE.get(name)


def need_of(name: str, method: str) -> Need:
    """What an address needs; nothing fulfils an empty one. Raises ImproperlyConfigured where the table has no line."""
    line = line_of(name)
    if line is None:
        message = (
            f"The address {name!r} has no line in pbas/core/access.py, so nobody may open it. Add its right there."
        )
        raise ImproperlyConfigured(message)
    return line.get if method in {"GET", "HEAD", "OPTIONS"} else line.post


def doors_of(user: Any) -> Callable[[str, str], bool]:
    """What this person may open, by an address's name and a method; his rights are looked up once, here."""
    known = {SIGNED_IN, *rights_of(user)} if user.is_authenticated else set()
    has = frozenset({PUBLIC, *known})
    return lambda name, method: not has.isdisjoint(need_of(name, method))


def is_allowed(user: Any, name: str, method: str = "GET") -> bool:
    """Whether this person may do this there."""
    return doors_of(user)(name, method)
