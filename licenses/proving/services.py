"""What staff may ask for: that a license is read back now, or that our files are put there again."""

from django.db import transaction
from django.db.models import Exists, OuterRef

from licenses import bell
from licenses.models import InstallTarget, License, LicenseRequest
from licenses.proving.looking import is_bound
from licenses.statements import in_seconds
from pbas.core.problems import ConflictProblem, Problem, inside
from pbas.core.story import Actor, tell

PROVE, QUEUE = "licenses.tasks.prove", "proof"
State, Found = License.State, License.Found


def prove_license(*, license: License) -> None:  # noqa: A002 (as the other services name it)
    """Have a license read back now; one that has ended, taken out. ConflictProblem where there is nothing to do."""
    is_left = license.found == Found.LEFT
    if not is_left and (license.state != State.INSTALLED or license.parent_id is not None):
        raise _not_installed(license)
    rows = License.objects.filter(pk=license.pk, state=license.state)
    rows.update(prove_at=in_seconds(0))
    transaction.on_commit(lambda: bell.send(PROVE, [], queue=QUEUE))


# What `why_not_reinstall` has to know of a license besides itself, for rows of licenses.
HAS_TARGET = Exists(InstallTarget.objects.filter(subscription=OuterRef("subscription")))
IS_MOVING = Exists(LicenseRequest.objects.filter(license=OuterRef("pk"), state__in=["files", "install", "proof"]))


def why_not_reinstall(license_: License, has_target: bool, is_moving: bool) -> Problem | None:  # noqa: FBT001 (facts of a row)
    """Why our files cannot be put there again now; None where they can."""
    if license_.state != State.INSTALLED or license_.parent_id is not None:
        return _not_installed(license_)
    if is_bound(license_):
        return Problem(
            "%(configuration)s binds %(license)s to an address: there are no files of ours.",
            configuration=license_.configuration.name,
            license=license_.key,
        )
    if not has_target:
        return ConflictProblem(
            "The subscription of %(license)s has no install target. Give one first.", license=license_.key
        )
    if is_moving:
        return ConflictProblem("A request is installing %(license)s. Wait for it.", license=license_.key)
    return None


def reinstall_license(*, license: License, actor: Actor, reason: str = "") -> License:  # noqa: A002 (as above)
    """Have our newest files put there again and read back. Buys nothing and asks no vendor; safe to repeat.

    Raises Problem or ConflictProblem where that cannot be (see `why_not_reinstall`).
    """
    facts = License.objects.filter(pk=license.pk).values_list(HAS_TARGET, IS_MOVING).get()
    if problem := why_not_reinstall(license, *facts):
        raise problem
    with transaction.atomic():
        asked = (
            License.objects.filter(pk=license.pk, state=State.INSTALLED)
            .exclude(found=Found.REINSTALL)
            .update(found=Found.REINSTALL, found_text=None, found_tries=None, prove_at=in_seconds(0))
        )
        if asked:
            text = "Our files are put there again. Nothing is bought."
            subjects = {"subscription": license.subscription, "configuration": license.configuration}
            tell(actor, "reinstall_asked", text, detail=reason.strip(), license=license, **subjects)
        else:  # asked for already: have it tried now
            License.objects.filter(pk=license.pk, found=Found.REINSTALL).update(prove_at=in_seconds(0))
        transaction.on_commit(lambda: bell.send(PROVE, [], queue=QUEUE))
    license.refresh_from_db()
    return license


def _not_installed(license_: License) -> ConflictProblem:
    if license_.parent is not None:
        return ConflictProblem(
            "%(key)s is an additional key: it is installed with its license %(parent)s.",
            key=license_.key,
            parent=license_.parent.key,
        )
    return ConflictProblem(
        "License %(key)s is %(state)s; only installed ones are read back.",
        key=license_.key,
        state=inside(license_.get_state_display()),
    )
