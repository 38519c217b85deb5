"""Who works here and what he may: all writes, each an event. The last administrator stays one."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from django.db.models import Q
from knox.models import AuthToken

from pbas.core.problems import ConflictProblem, Problem
from pbas.core.rights import ADMINISTRATOR, give_role, role_of
from pbas.core.story import Actor, tell


def invite(*, username: str, name: str, email: str, role: str, actor: Actor) -> User:
    """Make an account without a password; whoever gets its link chooses one. Raises Problem at `username`."""
    try:
        with transaction.atomic():
            user = User(username=username, first_name=name, email=email, is_staff=True)
            user.set_unusable_password()
            user.save()
            give_role(user, role)
            tell(actor, "staff_invited", f"{username} was invited as {role}.")
    except IntegrityError:
        raise Problem("There is a %(name)s already. Choose another name.", name=username, field="username") from None
    return user


def change_role(*, user: User, role: str, actor: Actor) -> None:
    """Give another role. The same one again is a no-op; raises ConflictProblem for the last administrator."""
    with transaction.atomic():
        _check_may_change(user, actor)
        before = role_of(user)
        if before == role:
            return
        if role != ADMINISTRATOR:
            _check_not_last(user)
        give_role(user, role)
        tell(actor, "role_changed", f"{user.username} is {role} now; before: {before or 'none'}.")


def switch_off(*, user: User, actor: Actor) -> None:
    """End an account: no login, no session, no token works any more. It can be switched on again."""
    with transaction.atomic():
        _check_may_change(user, actor)
        if user.username == actor.name:
            raise ConflictProblem("You cannot switch off your own account. Another administrator can.")
        _check_not_last(user)
        if not user.is_active:
            return
        user.is_active = False
        user.save(update_fields=["is_active"])
        _end_sessions(user)
        tell(actor, "staff_switched_off", f"{user.username} was switched off; all sessions are ended.")


def switch_on(*, user: User, actor: Actor) -> None:
    """Let an account in again, with its role as it was."""
    with transaction.atomic():
        _check_may_change(user, actor)
        if user.is_active:
            return
        user.is_active = True
        user.save(update_fields=["is_active"])
        tell(actor, "staff_switched_on", f"{user.username} was switched on again.")


def end_sessions(*, user: User, actor: Actor) -> int:
    """Sign somebody out everywhere; answers how many sessions that ended."""
    with transaction.atomic():
        _check_may_change(user, actor)
        ended = _end_sessions(user)
        tell(actor, "sessions_ended", f"{user.username} was signed out everywhere ({ended} sessions).")
    return ended


def record_link(*, user: User, actor: Actor) -> None:
    """A link is made by which this person chooses a password."""
    _check_may_change(user, actor)
    tell(actor, "link_made", f"A link was made by which {user.username} chooses a password.")


def remove_second_factor(*, user: User, actor: Actor) -> None:
    """For who has lost his phone: the next login needs the password alone."""
    with transaction.atomic():
        _check_may_change(user, actor)
        Authenticator.objects.filter(user=user).delete()
        tell(actor, "second_factor_removed", f"The second factor of {user.username} was removed.")


def make_token(*, user: User, actor: Actor) -> str:
    """An API token of this person, in clear this once; only its digest is kept."""
    with transaction.atomic():
        _check_may_change(user, actor)
        token = str(AuthToken.objects.create(user=user)[1])
        tell(actor, "token_made", f"An API token was made for {user.username}.")
    return token


def withdraw_token(*, user: User, digest: str, actor: Actor) -> None:
    """Delete a token: it opens nothing any more. Twice is a no-op."""
    with transaction.atomic():
        _check_may_change(user, actor)
        if AuthToken.objects.filter(user=user, digest=digest).delete()[0]:
            tell(actor, "token_withdrawn", f"An API token of {user.username} was withdrawn.")


def _end_sessions(user: User) -> int:
    sessions = list(UserSession.objects.filter(user=user))
    for session in sessions:
        session.end()
    return len(sessions)


def _check_may_change(user: User, actor: Actor) -> None:
    """Who may do everything is changed by his like only: else an administrator could become one by his link."""
    if user.is_superuser and not User.objects.filter(username=actor.name, is_superuser=True, is_active=True).exists():
        raise ConflictProblem(
            "%(name)s may do everything; only somebody who may, too, can change that account.", name=user.username
        )


def _check_not_last(user: User) -> None:
    """Raises ConflictProblem where nobody else could manage the staff; the group's lock makes two removals wait."""
    Group.objects.select_for_update().get(name=ADMINISTRATOR)
    able = User.objects.filter(Q(is_superuser=True) | Q(groups__name=ADMINISTRATOR), is_active=True, is_staff=True)
    if able.filter(pk=user.pk).exists() and not able.exclude(pk=user.pk).exists():
        raise ConflictProblem("%(name)s is the last administrator. Make somebody else one first.", name=user.username)
