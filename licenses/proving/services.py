"""What staff may ask for: that a license is read back now, or that our files are put there again."""

from django.db import transaction

from licenses import bell
from licenses.models import InstallTarget, License
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


def why_not_reinstall(license_: License) -> Problem | None:
    """Why our files cannot be put there again now; None where they can. Two statements at most."""
    if license_.state != State.INSTALLED or license_.parent_id is not None:
        return _not_installed(license_)
    if is_bound(license_):
        return Problem(
            "%(configuration)s binds %(license)s to an address: there are no files of ours.",
            configuration=license_.configuration.name,
            license=license_.key,
        )
    if not InstallTarget.objects.filter(subscription=license_.subscription_id).exists():
        return ConflictProblem(
            "The subscription of %(license)s has no install target. Give one first.", license=license_.key
        )
    moving = license_.requests.filter(state__in=["files", "install", "proof"]).values_list("pk", flat=True).first()
    if moving is not None:
        return ConflictProblem(
            "Request %(moving)s is installing %(license)s. Wait for it.", moving=moving, license=license_.key
        )
    return None


def reinstall_license(*, license: License, actor: Actor, reason: str = "") -> License:  # noqa: A002 (as above)
    """Have our newest files put there again and read back. Buys nothing and asks no vendor; safe to repeat.

    Raises Problem or ConflictProblem where that cannot be (see `why_not_reinstall`).
    """
    if problem := why_not_reinstall(license):
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
