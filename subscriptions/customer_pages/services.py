"""A customer gets his login: whoever holds the signed address of an order may take the account that it is on."""

from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from pbas.core.models import Event
from pbas.core.origin import caller_address
from pbas.core.problems import ConflictProblem
from pbas.core.story import Actor, tell
from subscriptions.models import Account, Order


def customer(user: Any) -> Actor:
    """The signed-in customer as actor."""
    return Actor(Event.Actor.CUSTOMER, user.get_username(), caller_address())


def take_account(*, order: Order, user: User) -> None:
    """Put an order's account to the login of who holds its address; twice is a no-op.

    Raises ConflictProblem where the account is somebody else's, or the login is one of the staff.
    """
    if user.is_staff:
        raise ConflictProblem(_("You are signed in as staff. Log out first: this login is for the customer."))
    with transaction.atomic():
        won = Account.objects.filter(pk=order.account_id, user=None).update(user=user)
        if won:
            tell(customer(user), "customer_joined", f"{user.username} has a login for this account.", order=order)
        elif not Account.objects.filter(pk=order.account_id, user=user).exists():
            raise ConflictProblem(_("Somebody has a login for this order already. Sign in with that one."))


def open_login(*, order: Order) -> User:
    """The login of an order's account, made where there is none: without a password until its owner chose one.

    Raises ConflictProblem where it has a password: then he signs in; or where another login has his e-mail as name.
    """
    user = order.account.user
    if user is not None:
        if user.has_usable_password() or not user.is_active:
            raise ConflictProblem(_("There is a login for this order already. Please sign in."))
        return user
    try:
        with transaction.atomic():
            made = User(username=order.account.email, email=order.account.email, first_name=order.account.name[:150])
            made.set_unusable_password()
            made.save()
            take_account(order=order, user=made)
    except IntegrityError:
        message = _(
            "There is a login %(name)s already. Sign in with it, then press the button on your order once more."
        )
        raise ConflictProblem(message % {"name": order.account.email}) from None
    return made
