"""Writing the story: one call adds one event, in the transaction of what it tells of."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pbas.core.models import Event

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
    from django.db.models import Model


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person of the staff, the store, a customer, or the panel by itself."""

    kind: str
    name: str = ""


SYSTEM = Actor(Event.Actor.SYSTEM)


def staff(user: "AbstractBaseUser | AnonymousUser") -> Actor:
    """The signed-in person as actor."""
    return Actor(Event.Actor.STAFF, user.get_username())


def store(name: str) -> Actor:
    """A store as actor: its checkout or its API user."""
    return Actor(Event.Actor.STORE, name)


def tell(actor: Actor, kind: str, text: str, *, detail: str = "", **subjects: "Model | None") -> Event:
    """Add one line about its subjects (order, subscription, request, license, configuration)."""
    return Event.objects.create(
        actor_kind=actor.kind, actor=actor.name, kind=kind, text=text, detail=detail, **subjects
    )
