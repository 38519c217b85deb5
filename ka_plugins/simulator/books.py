"""What vendors' books of sales have in common: sold things as JSON, kept in the journal, at the vendor's time."""

from __future__ import annotations

import dataclasses
import secrets
import string
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from ka_plugins.simulator.world import World

SIGNS: Final = string.ascii_uppercase + string.digits
T = TypeVar("T", bound="Sold")


class Sold:
    """One thing that was sold: a dataclass, of which the fields named in TIMES are moments or None."""

    __slots__ = ()
    TIMES: ClassVar[tuple[str, ...]] = ()

    def as_json(self) -> dict[str, Any]:
        """All of it, with times as text."""
        this: Any = self
        content = dataclasses.asdict(this)
        return {**content, **{name: content[name] and content[name].isoformat() for name in self.TIMES}}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """The reverse of `as_json`."""
        times = {name: content[name] and datetime.fromisoformat(content[name]) for name in cls.TIMES}
        return cls(**{**content, **times})


class Book(Generic[T]):
    """All that a vendor has sold; a subclass has the indexes by which he finds it."""

    vendor: ClassVar[str]  # his dialect's name
    word: ClassVar[str] = "license"  # what he calls it, in the journal

    def __init__(self, world: World) -> None:
        self.world = world

    def now(self) -> datetime:
        """The vendor's time."""
        return self.world.clock.now()

    def keep(self, sold: T) -> None:
        """Make something new or changed permanent."""
        self.replay(sold)
        if self.world.journal.kept:
            self.world.journal.write({"dialect": self.vendor, self.word: sold.as_json()})

    def replay(self, sold: T) -> None:
        """Take it into the indexes."""
        raise NotImplementedError


def midnight(moment: datetime) -> datetime:
    """Where a vendor's dates are whole days."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def activation_code() -> str:
    """As Key Administrators write them: A and 29 signs, in groups of six."""
    signs = "A" + "".join(SIGNS[octet % len(SIGNS)] for octet in secrets.token_bytes(29))
    return "-".join(signs[start : start + 6] for start in range(0, 30, 6))
