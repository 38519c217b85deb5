"""Where the licenses of a subscription go."""

from contextlib import suppress

from django.db import transaction

from ka_plugins import registry
from ka_plugins.installing import InstallError, Target, check_ip
from licenses.models import InstallTarget
from pbas.core.crypto import CannotDecryptError
from pbas.core.problems import Problem
from pbas.core.story import Actor, tell


def set_install_target(*, subscription_id: int, target: Target, actor: Actor) -> InstallTarget:
    """Keep where the licenses of a subscription go. Raises Problem at `kind`, `address` or the name of a credential."""
    if target.kind not in {installer.kind for installer in registry.installers()}:
        known = ", ".join(sorted(installer.kind for installer in registry.installers()))
        raise Problem(
            "No installer is called %(kind)s. There are: %(known)s.", kind=repr(target.kind), known=known, field="kind"
        )
    if not target.address.strip():
        raise Problem("An install target needs an address.", field="address")
    try:
        check_ip(target)
        registry.installer(target.kind).check(target)
    except InstallError as error:  # before a key is bought for a place where it can never go
        raise Problem(error.message, field=error.field) from None
    with transaction.atomic():
        kept, made = InstallTarget.objects.select_for_update().get_or_create(
            subscription_id=subscription_id, defaults={"kind": target.kind, "address": target.address.strip()}
        )
        new = (target.kind, target.address.strip(), dict(target.credentials))
        before, same = "" if made else f"Before: {kept.kind} {kept.address}.", False
        with suppress(CannotDecryptError):  # given anew because it could not be read
            same = not made and (kept.kind, kept.address, kept.credentials) == new
        if not same:
            kept.kind, kept.address, kept.credentials = new
            kept.save()
            text = f"Licenses are installed into {kept.kind} {kept.address}."
            tell(actor, "target_set", text, detail=before, subscription=kept.subscription)
    return kept
