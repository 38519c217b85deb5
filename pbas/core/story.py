"""Writing the story: one call adds one event, in the transaction of what it tells of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pbas.core.models import Event
from pbas.core.origin import caller_address

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
    from django.db.models import Model


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person of the staff, the store, a customer, or the panel by itself; and from which address."""

    kind: str
    name: str = ""
    address: str | None = None


SYSTEM = Actor(Event.Actor.SYSTEM)


def staff(user: "AbstractBaseUser | AnonymousUser") -> Actor:
    """The signed-in person as actor."""
    return Actor(Event.Actor.STAFF, user.get_username(), caller_address())


def store(name: str) -> Actor:
    """A store as actor: its checkout or its API user."""
    return Actor(Event.Actor.STORE, name, caller_address())


def tell(actor: Actor, kind: str, text: str, *, detail: str = "", **subjects: "Model | None") -> Event:
    """Add one line about its subjects (order, subscription, request, license, configuration)."""
    who = {"actor_kind": actor.kind, "actor": actor.name, "address": actor.address}
    return Event.objects.create(**who, kind=kind, text=text, detail=detail, **subjects)


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A secret: whether it changed is told, never what it is."""

    value: Any = field(repr=False)

    def __str__(self) -> str:
        return "••••"


def changes(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> str:
    """What changed, by its label, as an event's detail: a line each, `label: before → after`."""
    labels = dict.fromkeys([*before, *after])
    pairs = ((label, before.get(label), after.get(label)) for label in labels)
    return "\n".join(f"{label}: {_said(old)} → {_said(new)}" for label, old, new in pairs if old != new)


def _said(value: Any) -> str:
    words = {None: "–", "": "–", True: "yes", False: "no"}  # noqa: RUF001 (a dash)
    return words.get(value, str(value)) if isinstance(value, bool | str | None) else str(value)
