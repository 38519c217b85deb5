"""Roles and what they may: five rights, given to groups. Which page needs which stands in `access`."""

from typing import Any, ClassVar

from django.contrib.auth.models import Group, Permission, User
from django.core.cache import cache
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from pbas.core import at_hand

VIEW, OPERATE, REVEAL, CONFIGURE, STAFF, SELL = "view", "operate", "reveal", "configure", "staff", "sell"
BACK_OFFICE = "back_office"  # no role has it: only who may do everything gets there

VIEWER, OPERATOR, ADMINISTRATOR, STORE = "viewer", "operator", "administrator", "store"
ROLES: dict[str, frozenset[str]] = {
    VIEWER: frozenset({VIEW}),
    OPERATOR: frozenset({VIEW, OPERATE, REVEAL}),
    ADMINISTRATOR: frozenset({VIEW, OPERATE, REVEAL, CONFIGURE, STAFF, SELL}),
    STORE: frozenset({SELL}),
}
ROLE_LABELS = {
    VIEWER: _("Viewer: reads everything, no secrets"),
    OPERATOR: _("Operator: requests, uploads, licenses, decisions, secrets"),
    ADMINISTRATOR: _("Administrator: plug-ins, plans, stock rules and staff too"),
    STORE: _("Store: calls the API to sell, opens no page"),
}
KEPT_SECONDS = 60  # for how long rights are believed where a change of them did not reach this process's cache


class PanelRight(models.Model):
    """No table: it only carries the rights, as Django's permissions belong to a model."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions: ClassVar = [
            (VIEW, "Read all pages, without secrets"),
            (OPERATE, "Work on requests and licenses"),
            (REVEAL, "See keys, codes and files in clear"),
            (CONFIGURE, "Plug-ins, plans and stock rules"),
            (STAFF, "Staff and their roles"),
            (SELL, "Call the API as a store"),
        ]

    def __str__(self) -> str:
        return "rights of the panel"


def rights_of(user: Any) -> frozenset[str]:
    """What a person may; with BACK_OFFICE for who may everything. One cached look, at most KEPT_SECONDS old."""
    if not user.is_active or not user.is_staff:
        return frozenset()
    if user.is_superuser:
        return frozenset({*ROLES[ADMINISTRATOR], BACK_OFFICE})
    kept: frozenset[str] | None = at_hand.look(at_hand.RIGHTS, user)
    if kept is None:
        kept = frozenset(
            name.removeprefix("core.") for name in user.get_all_permissions() if name.removeprefix("core.") in _ALL
        )
        cache.set(_place(user.pk), kept, KEPT_SECONDS)
    return kept


_ALL = frozenset().union(*ROLES.values())


def role_of(user: User) -> str:
    """The name of a person's role; "" without one."""
    names = {group.name for group in user.groups.all()}
    return next((name for name in ROLES if name in names), "")


def give_role(user: User, role: str) -> None:
    """Take all other roles from a person, and give this one."""
    with transaction.atomic():
        user.groups.remove(*Group.objects.filter(name__in=ROLES))
        user.groups.add(Group.objects.get(name=role))


def forget_rights(user_id: int) -> None:
    """What is kept of a person's rights is not true any more: now, and once more when everybody sees the change."""
    cache.delete(_place(user_id))
    transaction.on_commit(lambda: cache.delete(_place(user_id)))


def _place(user_id: int) -> str:
    return at_hand.RIGHTS.format(reader=user_id)


# --- what Django tells ----------------------------------------------------------------------------------------------


def make_roles(**_options: Any) -> None:
    """After each migration: the roles exist and have what this version gives them."""
    rights = {one.codename: one for one in Permission.objects.filter(content_type__app_label="core")}
    for name, wanted in ROLES.items():
        group, _made = Group.objects.get_or_create(name=name)
        group.permissions.set([rights[right] for right in wanted])


def on_groups_changed(*, instance: Any, reverse: bool, pk_set: set[int] | None, **_options: Any) -> None:
    """Somebody got a role or lost one."""
    for user_id in (pk_set or set()) if reverse else {instance.pk}:
        forget_rights(user_id)


def on_user_saved(*, instance: User, **_options: Any) -> None:
    """Somebody was made, switched off or changed."""
    forget_rights(instance.pk)
